#!/bin/sh
# What a node says of itself, in sections. Arguments: the addresses that its components are asked at.
: "${marker?}" "${serving?}" "${client?}" "${asked?}" "${network?}" "${kubeconfig?}" "${bootstrap?}"
. ../../replicas/scripts/curl.sh
. ../../replicas/scripts/sections.sh

show "$marker"; say
show "$serving"; say
# The client's file holds a private key: only its certificate may leave the machine.
openssl x509 -in "$client" 2>/dev/null; say
# Whether a certificate is still good is a matter of who believes it when.
date +%s; say
# shellcheck disable=SC2086 # a list
systemctl show -p Id,UnitFileState,ActiveState,NRestarts,ActiveEnterTimestampMonotonic $asked; say
for url; do curl_here -s -m 1 -o /dev/null -w '%{url} %{http_code}\n' "$url"; done; say
show "$network"; say
# Whom its kubelet believes: it holds no key.
sed -n 's/^ *certificate-authority-data: //p' "$kubeconfig" 2>/dev/null || :
say
if [ -e "$bootstrap" ]; then echo joining; else absent "$bootstrap"; fi
# Of an answer that was cut off, the last section would not tell.
say
