#!/bin/sh
# Makes what pods' runtimes mount and set, in a mount namespace of its own that it then holds; see ../settings/node-mounts.ts.
# Arguments: NAME=VALUE of the kernel's settings that the kubelet requires, where it cannot set them.
set -eu
: "${controllers?}" "${pid_file?}"

mkdir -p /run/haup
if [ -n "$controllers" ]; then
  mount -t tmpfs -o mode=755,size=64k cgroup /sys/fs/cgroup
  for controller in $controllers; do
    mkdir "/sys/fs/cgroup/$controller"
    mount -t cgroup -o "$controller" cgroup "/sys/fs/cgroup/$controller"
  done
fi
for setting; do
  name=${setting%=*}
  file=/run/haup/settings/${name##*/}
  mkdir -p /run/haup/settings
  echo "${setting#*=}" >"$file"
  mount --bind "$file" "/proc/sys/$name"
done
mount --make-rshared /
echo $$ >"$pid_file"
systemd-notify --ready
exec sleep infinity
