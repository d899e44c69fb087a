#!/bin/sh
# Boots a machine and waits for its end; see ../power.ts. Arguments: the machine's folder, the image, the parts of /proc and /sys that
# are writable, whose users it has (host or own), its address, its gateway, and nspawn's own arguments.
set -e
folder=$1; image=$2; apis=$3; users=$4; address=$5; gateway=$6; shift 6
exec 9<"$folder"
flock -n 9 || { echo "the machine runs already" >&2; exit 75; }
mount -t overlay overlay -o "lowerdir=$image,upperdir=$folder/disk/upper,workdir=$folder/disk/work" "$folder/root"
umount -l /run/netns
mount -t tmpfs -o mode=0755 tmpfs /run
[ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ] || mount -t cgroup2 cgroup2 /sys/fs/cgroup
group=/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)
mkdir -p "$group/boot"
echo $$ > "$group/boot/cgroup.procs"
[ -z "$apis" ] || export SYSTEMD_NSPAWN_API_VFS_WRITABLE="$apis"
export SYSTEMD_NSPAWN_LOCK=0
first() {
  # shellcheck disable=SC2013 # words
  for pid in $(cat "$group/payload/cgroup.procs" 2>/dev/null); do
    ! grep -qs '^NSpid:.*[[:space:]]1$' "/proc/$pid/status" || { echo "$pid"; return; }
  done
}
plug() {
  while kill -0 "$nspawn" 2>/dev/null; do
    pid=$(first)
    [ -n "$pid" ] || { sleep 0.01; continue; }
    exec 7<"/proc/$pid/ns/net"
    ip link set eth0 netns "$pid"
    nsenter --net=/proc/self/fd/7 ip -batch - <<EOT
link set lo up
addr add $address/32 dev eth0
link set eth0 up
route add $gateway dev eth0 src $address
route add default via $gateway dev eth0 src $address
EOT
    return
  done
}
code=133
while [ "$code" = 133 ]; do
  code=0
  sh -c 'echo $$ > "$1/cgroup.procs"; shift; exec "$@"' boot "$group" \
    systemd-nspawn --quiet --register=no --keep-unit --settings=no --directory="$folder/root" \
    --resolv-conf=off --timezone=off --link-journal=no --console=read-only "$@" 7<&- 9<&- &
  nspawn=$!
  [ "$users" = host ] || plug
  wait "$nspawn" || code=$?
  [ "$users" = host ] || nsenter --net=/proc/self/fd/7 ip link set eth0 netns $$
  for below in payload supervisor; do
    [ ! -e "$group/$below" ] || find "$group/$below" -depth -type d -exec rmdir {} + || :
  done
  # shellcheck disable=SC2013 # words
  for controller in $(cat "$group/cgroup.subtree_control"); do
    echo "-$controller" > "$group/cgroup.subtree_control"
  done
done
ip link set eth0 down
exit "$code"
