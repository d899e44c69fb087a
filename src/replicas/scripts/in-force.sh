# shellcheck shell=sh
# How a release is put on a machine: whole or not at all, whenever it is cut off.
: "${digest?}" "${releases?}" "${current?}"
set -eu
umask 022
new=$releases/$digest
rm -rf -- "$releases"/*.part
trap 'rm -rf -- "$new.part"' EXIT

# put_in_force: $new.part, until it is on the disk nothing refers to it
put_in_force() {
  if [ ! -e "$new" ]; then
    find "$new.part" -type f -exec sync {} +
    mv -T -- "$new.part" "$new"
  fi
  ln -sfn -- "$new" "$current.new"
  mv -fT -- "$current.new" "$current"
}
# forget_others: releases that are not in force
forget_others() {
  for old in "$releases"/*; do [ "$old" = "$new" ] || rm -rf -- "$old"; done
}
