#!/bin/sh
# A request to this machine's own etcd; its body is on standard input where `body` is not empty. Prints the answer and, in a
# line of its own, its status.
: "${pki?}" "${seconds?}" "${method?}" "${url?}" "${body?}"
. ./curl.sh

[ -z "$body" ] || set -- -H 'content-type: application/json' --data-binary @-
curl_here -sS -m "$seconds" --cacert "$pki/etcd/ca.crt" --cert "$pki/etcd/client.crt" --key "$pki/etcd/client.key" \
  -X "$method" "$@" -w '\n%{http_code}' "$url"
