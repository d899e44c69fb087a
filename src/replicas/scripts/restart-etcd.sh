#!/bin/sh
# Starts etcd again with the data that it has, and waits for it as long as `seconds`; see ../lifecycle/etcd-member.ts.
: "${etcd?}" "${api_server?}" "${seconds?}"

# systemd starts etcd only when an API server that is on its way down is gone, and without an etcd that takes it a minute: it waits
# for requests that nobody can answer any more.
if [ "$(systemctl is-active "$api_server")" = deactivating ] && [ "$(systemctl is-active "$etcd")" != active ]; then
  systemctl kill --signal=KILL "$api_server"
fi
systemctl enable -q "$etcd" && timeout "$seconds" systemctl restart "$etcd"
[ $? -eq 124 ] || systemctl is-active "$etcd"
