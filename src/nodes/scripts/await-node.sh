#!/bin/sh
# Done when the units of a node are well, and the kubelet has its client certificate.
: "${kubelet?}" "${kubelet_health?}" "${kube_proxy?}" "${kube_proxy_health?}" "${kubeconfig?}" "${client?}"
. ../../replicas/scripts/curl.sh

until [ -s "$kubeconfig" ] && [ -s "$client" ]; do later "$kubelet" 'the kubelet: its client certificate'; done
until curl_here -sf -m 2 -o /dev/null "$kubelet_health"; do later "$kubelet" 'the kubelet: its health check'; done
until curl_here -sf -m 2 -o /dev/null "$kube_proxy_health"; do later "$kube_proxy" 'kube-proxy: its health check'; done
