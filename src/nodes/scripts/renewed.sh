#!/bin/sh
# Waits until a kubelet that runs shows the certificate of this fingerprint (SHA-256, as openssl writes it), and kube-proxy is well again.
: "${kubelet?}" "${fingerprint?}" "${kube_proxy?}" "${kube_proxy_health?}"
. ../../replicas/scripts/curl.sh

shows() { openssl s_client -connect 127.0.0.1:10250 </dev/null 2>/dev/null | openssl x509 -noout -fingerprint -sha256 2>/dev/null; }
while systemctl is-active -q "$kubelet"; do
  shown=$(shows || :)
  [ "${shown#*=}" != "$fingerprint" ] || break
  later "$kubelet" 'the kubelet: its new certificate'
done
systemctl is-enabled -q "$kube_proxy" 2>/dev/null || exit 0
until curl_here -sf -m 2 -o /dev/null "$kube_proxy_health"; do later "$kube_proxy" 'kube-proxy: its health check'; done
