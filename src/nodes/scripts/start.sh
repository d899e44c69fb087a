#!/bin/sh
# Starts a node's units, which it is given in their order; those that run with another release than the one in force are started
# again. Done when they are well and the kubelet has its client certificate.
: "${units?}" "${current?}" "${started?}" "${mounts?}" "${containerd?}" "${kubelet?}" "${kubelet_health?}" "${kube_proxy?}"
: "${kube_proxy_health?}" "${kubeconfig?}" "${client?}" "${bootstrap?}"
. ../../replicas/scripts/curl.sh

anew=
for unit; do
  shift
  [ -e "$units/$unit" ] || continue
  set -- "$@" "$unit"
  # The mounts are what running pods live among: those stay as they are.
  [ "$unit" = "$mounts" ] || anew="$anew $unit"
done
systemctl is-enabled -q "$@" 2>/dev/null || systemctl enable -q "$@"
release=$(readlink "$current")
if [ "$(cat "$started" 2>/dev/null)" = "$release" ]; then
  systemctl start --no-block "$@"
else
  systemctl reset-failed "$@" 2>/dev/null || :
  # shellcheck disable=SC2086 # a list
  systemctl restart --no-block $anew
  mkdir -p "${started%/*}"
  echo "$release" >"$started"
fi
until systemctl is-active -q "$containerd"; do
  [ ! -e "$units/$mounts" ] || systemctl is-active -q "$mounts" || later "$mounts" 'the mounts for pods'
  later "$containerd" 'containerd: to start'
done
until [ -s "$kubeconfig" ] && [ -s "$client" ]; do later "$kubelet" 'the kubelet: its client certificate'; done
until curl_here -sf -m 2 -o /dev/null "$kubelet_health"; do later "$kubelet" 'the kubelet: its health check'; done
until curl_here -sf -m 2 -o /dev/null "$kube_proxy_health"; do later "$kube_proxy" 'kube-proxy: its health check'; done
rm -f "$bootstrap"
