#!/bin/sh
# Has the container runtime of a new machine start while the kubelet's credentials are on their way; the rest starts later, by start.sh,
# which leaves it running as it is.
: "${units?}" "${current?}" "${started?}" "${mounts?}" "${containerd?}"
set -eu
# What is switched on runs for a node that has joined: start.sh brings that to another release.
! systemctl is-enabled -q "$containerd" 2>/dev/null || exit 0
set -- "$containerd"
[ ! -e "$units/$mounts" ] || set -- "$mounts" "$@"
# Not "start": one of an earlier release may run, of a run that was cut off before the node joined.
systemctl restart --no-block "$@"
mkdir -p "${started%/*}"
readlink "$current" >"$started"
