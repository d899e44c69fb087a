#!/bin/sh
# Starts the container runtime of a node on which nothing has been started yet, so that images can come; done when it runs.
: "${current?}" "${started?}" "${containerd?}"

if ! [ -e "$started" ] && ! systemctl is-active -q "$containerd"; then
  systemctl start --no-block "$containerd"
  mkdir -p "${started%/*}"
  readlink "$current" >"$started"
fi
until systemctl is-active -q "$containerd"; do later "$containerd" 'containerd: to start'; done
