#!/bin/sh
# Done when the units of a node are well.
: "${kubelet?}" "${kubelet_health?}" "${kube_proxy?}" "${kube_proxy_health?}"
. ../../replicas/scripts/curl.sh

until curl_here -sf -m 2 -o /dev/null "$kubelet_health"; do later "$kubelet" 'the kubelet: its health check'; done
# It starts after the kubelet, while images come: each question takes something from both.
until curl_here -sf -m 2 -o /dev/null "$kube_proxy_health"; do
  looks=$((looks + 1))
  sleep 0.1
  later "$kube_proxy" 'kube-proxy: its health check'
done
