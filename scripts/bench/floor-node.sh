#!/bin/sh
# The floor that nodes are measured against: the same machine with the same programs in the same cluster's network, and no haup. Its disk
# is ready-made: programs, units switched on, keys, the kubelet's bootstrap token, the pods' network. What every tool has to do
# remains: the machine boots, its kubelet gets a certificate by its token and registers, the images come from the operator's machine.
#
#   floor-node.sh switch_on NET SEED RUN   until its images are there; that it is Ready is for the caller to see    (timed)
#   floor-node.sh down RUN                 nothing left behind
#
# NET is the cluster's namespace. SEED is as floor-machine.sh has it, with the one machine `node` and images, a path a line.
set -eu
case $1 in
  switch_on) NET=$2 SEED=$3 RUN=$4 ;;
  down)
    RUN=$2
    [ -e "$RUN/net" ] || exit 0
    NET=$(cat "$RUN/net")
    ;;
  *) echo "usage: floor-node.sh switch_on NET SEED RUN, floor-node.sh down RUN" >&2; exit 2 ;;
esac
# shellcheck source=scripts/bench/floor-machine.sh
. "${0%/*}/floor-machine.sh"

# What nodes need beside what masters do: src/providers/local/machine/nspawn.ts.
switch_on() {
  echo "$NET" >"$RUN/net"
  plug node
  export SYSTEMD_NSPAWN_API_VFS_WRITABLE=network
  boot node --capability=CAP_NET_ADMIN --system-call-filter=@keyring --system-call-filter=bpf \
    "--bind=$RUN/node/containerd:/var/lib/containerd" --bind=/dev/null:/dev/kmsg
  until inside node test -S /run/containerd/containerd.sock 2>/dev/null; do sleep 0.02; done
  while read -r image; do
    until inside node /opt/haup/bin/ctr -n k8s.io images import - <"$image" >/dev/null 2>&1; do sleep 0.02; done
  done <"$SEED/images"
}

down() {
  switch_off node
  rm -rf -- "$RUN"
}

"$1"
