#!/bin/sh
# Stops etcd, keeps a copy of its data where there is room, and sets that its next start makes a cluster of one. Begun is what has the
# setting: then the data on the disk may be the new cluster's already.
set -eu
: "${id?}" "${data?}" "${copy?}" "${room_kib?}"
. ./new-cluster.sh

if systemctl is-active -q "$unit" && alone; then exit 0; fi
[ ! -e "$setting" ] || exit 0
systemctl stop "$unit"
if [ "$(cat "$copy/rescue" 2>/dev/null)" != "$id" ]; then
  rm -rf "$copy" "$copy.new"
  needed=$(du -sk "$data" | cut -f1)
  free=$(df -Pk "$data" | awk 'NR == 2 { print $4 }')
  if [ "$free" -gt $((needed + room_kib)) ]; then
    cp -a --sparse=always "$data" "$copy.new"
    echo "$id" >"$copy.new/rescue"
    mv -T "$copy.new" "$copy"
  fi
fi
systemctl enable -q "$unit"
mkdir -p "$(dirname "$setting")"
printf '[Service]\nEnvironment=ETCD_FORCE_NEW_CLUSTER=true\n' >"$setting"
