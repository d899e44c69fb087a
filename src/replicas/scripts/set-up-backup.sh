#!/bin/sh
# Puts all that a master is told about backups on it, all at once; it comes on standard input, as a tar archive. See ../backup/set-up.ts.
# What it is known by is put there last: a machine that lost its power in between is told again.
: "${folder?}" "${units?}" "${timer?}" "${user?}"
. ./apt.sh
set -eu
umask 022
command -v restic >/dev/null || install_packages restic >&2
systemd-sysusers --inline "u $user - \"haup\""
rm -rf -- "$folder.part" "$folder.old"
mkdir -p -- "$folder.part"
tar -xpf - -C "$folder.part"
systemctl stop "$timer" 2>/dev/null || true
mv -f -- "$folder.part"/units/* "$units"
rmdir "$folder.part/units"
mv -- "$folder.part/generation" "$folder.part/generation.new"
find "$folder.part" -type f -exec sync {} +
[ ! -e "$folder" ] || mv -T -- "$folder" "$folder.old"
mv -T -- "$folder.part" "$folder"
sync -- "${folder%/*}" "$units"
rm -rf -- "$folder.old"
systemctl daemon-reload
systemctl enable -q --now "$timer"
mv -f -- "$folder/generation.new" "$folder/generation"
sync -- "$folder"
