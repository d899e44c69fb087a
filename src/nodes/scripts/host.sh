#!/bin/sh
# What the machine's kernel and image offer to a node, a line each; see ../host.ts.
if grep -qw memory /sys/fs/cgroup/cgroup.controllers 2>/dev/null; then echo v2; else echo v1; fi
if [ -w /proc/sys/kernel/panic ]; then echo writable; else echo confined; fi
# systemd-resolved's own file has a loopback address, which is another one in a pod.
for file in /run/systemd/resolve/resolv.conf /etc/resolv.conf; do
  if grep -Eq '^nameserver +[^ ]' "$file" 2>/dev/null && ! grep -Eq '^nameserver +(127\.|::1)' "$file"; then echo "$file"; break; fi
done
