#!/bin/sh
# Fetches a snapshot of etcd and makes the data of a new cluster of one out of it; see ../backup/restore.ts. What is there already was
# this machine's own and is of no further use, unless it came from this very backup.
: "${backup?}" "${name?}" "${peer?}" "${token?}" "${bump?}" "${folder?}" "${service?}" "${data?}" "${user?}" "${unit?}" "${membership_file?}"
set -eu
umask 077
note=${data%/*}/restored
[ "$(cat "$note" 2>/dev/null)" != "$backup" ] || exit 0

# The unit's own variables, and its secrets where root finds them.
eval "$(systemctl show -p Environment --value "$service" | tr ' ' '\n' | sed -n "s|^\([A-Z_]*\)=.*/\([a-z]*\)\$|export \1='$folder/\2'|p")"
programs=$(systemctl show -p ExecStart --value "$unit" | sed -n 's/.*path=\([^ ;]*\)\/etcd .*/\1/p')
work=${data%/*}/restore
rm -rf -- "$work"
mkdir -p -- "$work"
trap 'rm -rf -- "$work"' EXIT
restic --no-cache --no-lock restore "$backup" --target "$work" --include etcd.db >"$work/log" 2>&1 ||
  { sed 's/^Fatal: //' "$work/log" | tail -n 3 >&2; exit 1; }
snapshot=$(find "$work" -name etcd.db)
[ -n "$snapshot" ] || { echo "there is no snapshot of etcd in the backup $backup" >&2; exit 1; }
"$programs/etcdutl" snapshot restore "$snapshot" --name "$name" --initial-cluster "$name=$peer" --initial-advertise-peer-urls "$peer" \
  --initial-cluster-token "$token" --data-dir "$work/data" --bump-revision "$bump" --mark-compacted >"$work/log" 2>&1 ||
  { tail -n 3 "$work/log" >&2; exit 1; }
systemctl stop "$unit"
printf 'ETCD_INITIAL_CLUSTER=%s\nETCD_INITIAL_CLUSTER_STATE=new\n' "$name=$peer" >"$membership_file.new"
chmod 644 "$membership_file.new"
mv -f -- "$membership_file.new" "$membership_file"
mkdir -p -- "$data"
chown -R "$user:$user" "$work/data" "$data"
sync -f "$work/data"
rm -rf -- "$data/member" "${data%/*}/etcd-member-id"
mv -T -- "$work/data/member" "$data/member"
echo "$backup" >"$note.new"
sync -- "$note.new" "$membership_file"
mv -f -- "$note.new" "$note"
