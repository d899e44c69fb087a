#!/bin/sh
# Takes everything about backups from this machine, what it is known by last.
: "${folder?}" "${units?}" "${timer?}" "${service?}" "${state?}"
set -eu
[ ! -e "$units/$timer" ] || systemctl disable -q --now "$timer"
[ ! -e "$units/$service" ] || systemctl stop "$service"
rm -rf -- "${units:?}/$timer" "${units:?}/$service" "$state"
systemctl daemon-reload
rm -rf -- "$folder"
