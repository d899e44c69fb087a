#!/bin/sh
# Starts a node's units, which it is given in their order; those that run with another release than the one in force are started
# again. Done when the container runtime runs and the kubelet has its client certificate.
: "${kubelet?}" "${kubeconfig?}" "${client?}"
. ./await-runtime.sh

anew=
for unit; do
  shift
  [ -e "$units/$unit" ] || continue
  set -- "$@" "$unit"
  # The mounts are what running pods live among: those stay as they are.
  [ "$unit" = "$mounts" ] || anew="$anew $unit"
done
# Links on the disk, for the next boot: systemd, which is about to start them by their names, need not read all units again for it.
systemctl is-enabled -q "$@" 2>/dev/null || systemctl enable -q --no-reload "$@"
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
await_runtime
until [ -s "$kubeconfig" ] && [ -s "$client" ]; do later "$kubelet" 'the kubelet: its client certificate'; done
