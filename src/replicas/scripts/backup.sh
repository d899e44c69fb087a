#!/bin/sh
# Takes a backup of etcd if this machine's member leads; see ../backup/set-up.ts. restic finds its secrets by its environment, which
# holds their files' names.
: "${pki?}" "${url?}" "${cluster?}" "${uid?}" "${folder?}"
. ./curl.sh
. ./json.sh

set -u
umask 077
cd "$STATE_DIRECTORY" || exit 1
now() { date -u +%Y-%m-%dT%H:%M:%SZ; }
# keep FILE TEXT: one line, seen as a whole
keep() { printf '%s\n' "$2" >"$1.new" && mv -f -- "$1.new" "$1"; }
fail() {
  words=$(printf '%s' "$1" | tr -s '[:space:][:cntrl:]' ' ' | cut -c1-400)
  keep failure "$(now) $words"
  echo "$words" >&2
  exit 1
}
key=$CREDENTIALS_DIRECTORY/etcd.key
status=$(curl_here -sS -m 5 --cacert "$pki/etcd/ca.crt" --cert "$pki/etcd/client.crt" --key "$key" -d '{}' "$url/v3/maintenance/status") || exit 0
[ "$(echo "$status" | field member_id)" = "$(echo "$status" | field leader)" ] || exit 0

programs=$(systemctl show -p ExecStart --value etcd.service | sed -n 's/.*path=\([^ ;]*\)\/etcd .*/\1/p')
taken=$(now)
trap 'rm -rf work log' EXIT
rm -rf work
# etcd's own disk, as a rule, which stops where it is full: some is left for it, and for what restic has in files while it sends.
size=$(echo "$status" | field dbSize)
needed=$((${size:-0} / 1024 + 102400))
free=$(df -Pk . | awk 'NR == 2 { print $4 }')
[ "${free:-$needed}" -ge "$needed" ] || fail "$(hostname) has $((free / 1024)) MiB free for a snapshot of etcd, and $((needed / 1024)) MiB are needed"
mkdir work
"$programs/etcdctl" --endpoints="$url" --cacert="$pki/etcd/ca.crt" --cert="$pki/etcd/client.crt" --key="$key" \
  snapshot save work/etcd.db >log 2>&1 || fail "etcd: $(tail -n 1 log)"
facts=$("$programs/etcdutl" snapshot status work/etcd.db -w json 2>log) || fail "etcd's snapshot: $(tail -n 1 log)"
fact() { printf '%s' "$facts" | sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p"; }
# With their revision, which nobody may change in between.
cp -- "$folder/sealed.age" work/ || fail 'the sealed keys cannot be read'
store=$(cat "$folder/store-revision") || fail 'the revision of the sealed keys cannot be read'
size=$(stat -c %s work/etcd.db)
tags="haup,format=1,cluster=$cluster,uid=$uid,taken=$taken,by=$(hostname),size=$size,revision=$(fact revision),keys=$(fact totalKey),hash=$(fact hash),store=$store"
(cd work && exec restic backup --cache-dir "$STATE_DIRECTORY/cache" --host "$cluster" --tag "$tags" .) >log 2>&1 &
restic=$!
# restic tries the same for a quarter of an hour, and says why; the next backup tries again anyway.
while kill -0 "$restic" 2>/dev/null; do
  [ "$(grep -c ' retrying after ' log)" -lt 4 ] || kill "$restic" 2>/dev/null
  sleep 0.2
done
why() {
  # More lines follow, of when and which.
  grep -o 'repository is already locked.*' log && return
  sed -n 's/.* retrying after [^:]*: //p' log | tail -n 1 | grep . || sed 's/^Fatal: //' log | grep -v -e '^Is there a repository' -e '^[A-Z][a-z]*(.*) failed: ' | tail -n 2
}
wait "$restic" || fail "restic: $(why)"
id=$(sed -n 's/^snapshot \([0-9a-f]\{8\}\)[0-9a-f]* saved$/\1/p' log)
added=$(sed -n 's/^Added to the repo[a-z]*: *//p' log)
keep last "{\"id\":\"$id\",\"taken\":\"$taken\",\"finished\":\"$(now)\",\"size\":$size,\"added\":\"$added\",\"store\":$store}"
rm -f failure
