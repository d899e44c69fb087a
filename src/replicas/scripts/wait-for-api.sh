#!/bin/sh
# Waits until this machine's API server is ready, for so long at most; see ../settings/wait-for-api.ts.
: "${pki?}" "${api_port?}" "${seconds?}"
. ./curl.sh

for _ in $(seq $((seconds * 10))); do
  curl_here -sf -m 2 -o /dev/null --cacert "$pki/ca.crt" "https://127.0.0.1:$api_port/readyz" && exit 0
  sleep 0.1
done
