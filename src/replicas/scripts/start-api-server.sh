#!/bin/sh
# Starts the API server, and enables all units of the control plane, which it is given. Done when the API server is ready.
: "${units?}" "${unit?}" "${newest?}" "${pki?}" "${api_port?}"
. ./curl.sh

[ -e "$units/$newest" ] || {
  echo 'this machine was provisioned by an older haup, whose units this one does not know: replace it' >&2
  exit 1
}
# Not every cluster has all of them.
for name; do
  shift
  [ ! -e "$units/$name" ] || set -- "$@" "$name"
done
systemctl is-enabled -q "$@" || systemctl enable -q "$@"
timeout 2 systemctl start "$unit" 2>/dev/null || {
  [ $? -eq 124 ] || sleep 0.5
  not_yet "$unit" 'the API server: serving'
}
while :; do
  answer=$(curl_here -s -m 2 --cacert "$pki/ca.crt" "https://127.0.0.1:$api_port/readyz?verbose" || true)
  case "$answer" in *'readyz check passed'*) break ;; esac
  failed=$(echo "$answer" | sed -n 's/^\[-\]\([^ ]*\).*/\1/p' | head -n 1)
  later "$unit" "the API server: ${failed:-an answer}"
done
