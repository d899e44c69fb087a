#!/bin/sh
# Puts the staged release in force, which must be that of `change`. `stopped` are units that must not run meanwhile; they are started
# again. `restarts` are helpers that have read the old files. Done again after it was cut off, it finds what is done already.
: "${change?}" "${stopped?}" "${restarts?}" "${finish?}"
. ./in-force.sh

new=$(readlink -f "$staged")
grep -qsF "\"change\":\"$change\"" "$new/marker.json" || { echo 'the release of this change is not there' >&2; exit 1; }
now=$(readlink -f "$current")
# shellcheck disable=SC2086 # several units
[ -z "$stopped" ] || systemctl stop $stopped
if [ "$now" != "$new" ]; then
  # An older haup left it only beside the releases.
  [ -e "$now/marker.json" ] || cp -- "$marker_file" "$now/marker.json"
  point "$previous" "$now"
  point "$current" "$new"
fi
install_units "$current"
[ -z "$finish" ] || sh -euc "$finish"
# shellcheck disable=SC2086 # several units
[ -z "$stopped" ] || systemctl start --no-block $stopped
# Not every master has each of them, and systemctl fails on one that it does not know.
for helper in $restarts; do
  [ ! -e "$units/$helper" ] || systemctl try-restart --no-block "$helper"
done
note
rm -f -- "$staged"
forget_others
