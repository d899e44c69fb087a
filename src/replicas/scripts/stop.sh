#!/bin/sh
# Stops the units that it is given for good, those of them that were ever installed, in that order; see ../stop.ts.
: "${units?}" "${tries?}"

for unit; do
  shift
  [ ! -e "$units/$unit" ] || set -- "$@" "$unit"
done
[ $# -gt 0 ] || exit 0
systemctl disable -q "$@" || exit 1
for _ in $(seq "$tries"); do
  systemctl stop "$@" && exit 0
  sleep 0.2
done
for unit; do
  state=$(systemctl is-active "$unit")
  case "$state" in inactive | failed) ;; *) echo "$unit is still $state" >&2; exit 1 ;; esac
done
