#!/bin/sh
# A copy of the release in force, with other files, takes its place; they come on standard input, as a tar archive. See ../refresh.ts.
# `restarts` are units that have read the old ones. They are started again by the same command: were that another one, and haup killed
# before it, nothing on the disk would tell that somebody still uses what will expire. `started` is the file that says with which release
# the machine's services were started, or empty: whoever runs with the old one needs no other start. `replaced` are folders of which nothing
# old is kept.
: "${digest?}" "${restarts?}" "${started?}" "${replaced?}"
. ./in-force.sh

new=$releases/$digest
rm -rf -- "$releases"/*.part
trap 'rm -rf -- "$new.part"' EXIT
now=$(readlink -f "$current")
was=$(readlink "$current")
cp -aT -- "$now" "$new.part"
for folder in $replaced; do rm -rf -- "$new.part/$folder"; done
tar -xpf - -C "$new.part"
[ "$now" = "$new" ] || rm -rf -- "$new"
keep "$new"
point "$current" "$new"
[ -z "$started" ] || [ "$(cat "$started" 2>/dev/null)" != "$was" ] || readlink "$current" >"$started"
# A federation has no scheduler, and systemctl fails on a unit that it does not know.
set --
for unit in $restarts; do [ ! -e "$units/$unit" ] || set -- "$@" "$unit"; done
[ $# -eq 0 ] || systemctl try-restart --no-block "$@"
sync -- "$releases" "${current%/*}"
forget_others
