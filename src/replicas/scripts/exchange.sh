#!/bin/sh
# A copy of the release in force, with other files, takes its place; they come on standard input, as a tar archive. See ../refresh.ts.
# `restarts` are units that have read the old ones. They are started again by the same command: were that another one, and haup killed
# before it, nothing on the disk would tell that somebody still uses what will expire.
: "${digest?}" "${releases?}" "${current?}" "${restarts?}"
set -eu
umask 022
new=$releases/$digest
rm -rf -- "$releases"/*.part
trap 'rm -rf -- "$new.part"' EXIT
cp -aT -- "$(readlink -f "$current")" "$new.part"
tar -xpf - -C "$new.part"
find "$new.part" -type f -exec sync {} +
if [ "$(readlink -f "$current")" != "$new" ]; then
  rm -rf -- "$new"
  mv -T -- "$new.part" "$new"
  ln -sfn -- "$new" "$current.new"
  mv -fT -- "$current.new" "$current"
fi
# shellcheck disable=SC2086 # several units
[ -z "$restarts" ] || systemctl try-restart --no-block $restarts
sync -- "$releases" "${current%/*}"
for old in "$releases"/*; do [ "$old" = "$new" ] || rm -rf -- "$old"; done
