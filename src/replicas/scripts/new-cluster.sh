# shellcheck shell=sh
# What making a cluster of one consists of; see ../rescue.ts.
: "${unit?}" "${setting?}" "${pki?}" "${url?}"
. ./curl.sh

unset_it() { rm -f "$setting"; systemctl daemon-reload; }
alone() {
  members=$(curl_here -sf -m 2 --cacert "$pki/etcd/ca.crt" --cert "$pki/etcd/client.crt" --key "$pki/etcd/client.key" \
    -d '{"linearizable":true}' "$url/v3/cluster/member/list") || return 1
  [ "$(echo "$members" | grep -o '"ID":' | wc -l)" = 1 ]
}
# await_alone WHAT
await_alone() {
  for _ in $(seq 8); do systemctl is-active -q "$unit" && alone && return 0; sleep 0.2; done
  not_yet "$unit" "$1"
}
