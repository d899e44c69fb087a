#!/bin/sh
# What a node says of itself, in sections. Arguments: the addresses that its components are asked at. They are asked while the
# rest is looked at.
: "${marker?}" "${serving?}" "${client?}" "${asked?}" "${network?}" "${kubeconfig?}" "${bootstrap?}"
. ../../replicas/scripts/curl.sh
. ../../replicas/scripts/sections.sh

# First: what has just come up would be said to run, and not yet to be well.
# shellcheck disable=SC2086 # a list
units=$(systemctl show -p Id,UnitFileState,ActiveState,NRestarts,ActiveEnterTimestampMonotonic $asked)
for _; do set -- "$@" -o /dev/null; done
curl_here -sZ -m 1 -w '%{url} %{http_code}\n' "$@" 2>/dev/null | {
  show "$marker"; say
  show "$serving"; say
  # The client's file holds a private key: only its certificate may leave the machine.
  [ ! -e "$client" ] || openssl x509 -in "$client" 2>/dev/null
  say
  # Whether a certificate is still good is a matter of who believes it when.
  date +%s; say
  echo "$units"; say
  cat; say
  show "$network"; say
  # Whom its kubelet believes: it holds no key.
  [ ! -e "$kubeconfig" ] || sed -n 's/^ *certificate-authority-data: //p' "$kubeconfig" 2>/dev/null
  say
  if [ -e "$bootstrap" ]; then echo joining; else absent "$bootstrap" || exit 74; fi
  # Of an answer that was cut off, the last section would not tell.
  say
}
