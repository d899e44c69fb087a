#!/bin/sh
# A copy of the release in force, with other files, takes its place; they come on standard input, as a tar archive. See ../refresh.ts.
# `restarts` are units that have read the old ones. They are started again by the same command: were that another one, and haup killed
# before it, nothing on the disk would tell that somebody still uses what will expire.
: "${digest?}" "${restarts?}"
. ./in-force.sh

new=$releases/$digest
rm -rf -- "$releases"/*.part
trap 'rm -rf -- "$new.part"' EXIT
now=$(readlink -f "$current")
cp -aT -- "$now" "$new.part"
tar -xpf - -C "$new.part"
[ "$now" = "$new" ] || rm -rf -- "$new"
keep "$new"
point "$current" "$new"
# shellcheck disable=SC2086 # several units
[ -z "$restarts" ] || systemctl try-restart --no-block $restarts
sync -- "$releases" "${current%/*}"
forget_others
