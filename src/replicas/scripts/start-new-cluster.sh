#!/bin/sh
# Starts the cluster of one, and then, without the setting, everything that may believe in what is lost: the units that it is given.
. ./new-cluster.sh

if [ -e "$setting" ]; then
  systemctl daemon-reload
  systemctl start --no-block "$unit"
  await_alone 'etcd: a cluster of one'
  unset_it
  # Proof that it also serves without the setting.
  timeout 10 systemctl restart "$unit" || true
fi
await_alone 'etcd: serving without the setting'
if systemctl cat "$unit" | grep -q FORCE_NEW_CLUSTER; then echo 'etcd still has the setting' >&2; exit 1; fi
for name; do
  ! systemctl is-enabled -q "$name" || systemctl restart --no-block "$name"
done
