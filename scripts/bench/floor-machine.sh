#!/bin/sh
# How the floors' scripts make a machine; sourced by them. SEED holds image and binaries (paths), and for each machine a folder with
# name, ip and what else the script needs; RUN holds its disk: upper, work, root. NET is the namespace that all machines hang on.
: "${NET?}"
GROUPS_ROOT=$(sed -n 's/^[^ ]* \([^ ]*\) cgroup2 .*/\1/p' /proc/self/mounts | head -n 1)

# plug <machine>: its own namespace and its link
plug() {
  ip=$(cat "$SEED/$1/ip")
  gateway=${ip%.*}.1
  ip netns add "$NET-$1"
  ip link add "m$1" netns "$NET" type veth peer name eth0 netns "$NET-$1"
  ip -n "$NET-$1" -batch - <<EOF
link set lo up
addr add $ip/32 dev eth0
link set eth0 up
route add $gateway dev eth0 src $ip
route add default via $gateway dev eth0 src $ip
EOF
  ip -n "$NET" -batch - <<EOF
addr replace $gateway/32 dev m$1
link set m$1 up
route replace $ip/32 dev m$1
EOF
}

# The hierarchies of version 1 that have a controller, where the host has any: a node's pods have their groups in them.
hierarchies() { sed -n 's/^cgroup \([^ ]*\) cgroup .*/\1/p' /proc/self/mounts | grep -v '/systemd$' || :; }

# join_group <machine>: the processes from here on are the machine's, to be ended with it
join_group() {
  group=$GROUPS_ROOT/$NET-$1
  mkdir -p "$group"
  for procs in /sys/fs/cgroup/*/cgroup.procs; do echo 0 >"$procs" 2>/dev/null || :; done
  if [ "$1" = node ]; then
    for root in $(hierarchies); do
      mkdir -p "$root/$NET-$1"
      for file in cpuset.cpus cpuset.mems; do
        [ ! -e "$root/$file" ] || cat "$root/$file" >"$root/$NET-$1/$file"
      done
      echo 0 >"$root/$NET-$1/cgroup.procs"
    done
  fi
  echo 0 >"$group/cgroup.procs"
}

# boot <machine> [nspawn's arguments…]: as src/providers/local/machine/power.ts does; resolves when its first process runs
boot() {
  machine=$1
  shift
  group=$GROUPS_ROOT/$NET-$machine
  (
    join_group "$machine"
    exec nsenter --net="/run/netns/$NET-$machine" unshare --mount --propagation slave /bin/sh -ec '
      folder=$1; image=$2; shift 2
      mount -t overlay overlay -o "lowerdir=$image,upperdir=$folder/upper,workdir=$folder/work" "$folder/root"
      umount -l /run/netns
      mount -t tmpfs -o mode=0755 tmpfs /run
      [ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ] || mount -t cgroup2 cgroup2 /sys/fs/cgroup
      SYSTEMD_NSPAWN_LOCK=0 exec systemd-nspawn --quiet --boot --register=no --keep-unit --settings=no \
        --network-namespace-path=/proc/self/ns/net --directory="$folder/root" --resolv-conf=off --timezone=off \
        --link-journal=no --console=read-only "$@"
    ' floor "$RUN/$machine" "$(cat "$SEED/image")" "--machine=$(cat "$SEED/$machine/name")" \
      "--hostname=$(cat "$SEED/$machine/name")" "--bind-ro=$(cat "$SEED/binaries"):/opt/haup/bin" \
      "--bind-ro=$(dirname "$(cat "$SEED/binaries")"):/opt/haup/releases" "$@"
  ) >"$RUN/$machine/console" 2>&1 </dev/null &
  until grep -q . "$group/payload/init.scope/cgroup.procs" 2>/dev/null; do sleep 0.02; done
}

# inside <machine> <command…>
inside() {
  pid=$(head -n 1 "$GROUPS_ROOT/$NET-$1/payload/init.scope/cgroup.procs")
  shift
  nsenter -t "$pid" -a "$@"
}

# switch_off <machine>: nothing of it is left but its disk
switch_off() {
  group=$GROUPS_ROOT/$NET-$1
  if [ -d "$group" ]; then
    echo 1 >"$group/cgroup.kill"
    while grep -q 'populated 1' "$group/cgroup.events"; do sleep 0.02; done
    find "$group" -depth -type d -exec rmdir {} +
  fi
  for root in $(hierarchies); do
    [ ! -d "$root/$NET-$1" ] || until find "$root/$NET-$1" -depth -type d -exec rmdir {} + 2>/dev/null; do sleep 0.02; done
  done
  [ ! -e "/run/netns/$NET-$1" ] || ip netns delete "$NET-$1"
}
