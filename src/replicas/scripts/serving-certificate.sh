#!/bin/sh
# Waits until an API server that runs shows the certificate of this fingerprint (SHA-256, as openssl writes it).
: "${units?}" "${unit?}" "${api_port?}" "${fingerprint?}"

[ -e "$units/$unit" ] && systemctl is-active -q "$unit" || exit 0
for _ in $(seq 20); do
  shown=$(openssl s_client -connect "127.0.0.1:$api_port" </dev/null 2>/dev/null | openssl x509 -noout -fingerprint -sha256)
  [ "${shown#*=}" != "$fingerprint" ] || exit 0
  sleep 0.1
done
not_yet "$unit" 'the API server: its new certificate'
