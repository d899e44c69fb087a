#!/bin/sh
# Puts the release in force again that was in force before `change`, if that has got so far. `stopped` are units that must not run
# meanwhile; they are started again.
: "${change?}" "${stopped?}"
. ./in-force.sh

# shellcheck disable=SC2086 # several units
[ -z "$stopped" ] || systemctl stop $stopped
if grep -qsF "\"change\":\"$change\"" "$current/marker.json"; then
  old=$(readlink -f "$previous")
  # Before the link, which says that this is done: cut off in between, it is done again.
  install_units "$old"
  point "$current" "$old"
fi
# shellcheck disable=SC2086 # several units
[ -z "$stopped" ] || systemctl start --no-block $stopped
[ ! -e "$current/marker.json" ] || note
rm -f -- "$staged"
forget_others
