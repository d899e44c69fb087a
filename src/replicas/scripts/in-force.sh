# shellcheck shell=sh
# How a release is put on a machine: whole or not at all, whenever it is cut off.
: "${releases?}" "${current?}" "${previous?}" "${staged?}" "${units?}" "${marker_file?}"
set -eu
umask 022

# point LINK FOLDER: from one moment to the next
point() { ln -sfn -- "$2" "$1.new"; mv -fT -- "$1.new" "$1"; }
# keep NEW: $NEW.part, until it is on the disk nothing refers to it
keep() {
  [ -e "$1" ] || {
    # Side by side: then the file system commits many of them at once.
    find "$1.part" -type f -print0 | xargs -0 -r -n 4 -P 8 sync
    mv -T -- "$1.part" "$1"
  }
}
# forget_others: releases that are neither in force, nor were before the last change, nor are about to be
forget_others() {
  for old in "$releases"/*; do
    for link in "$current" "$previous" "$staged"; do
      [ "$(readlink -f "$link")" != "$old" ] || continue 2
    done
    rm -rf -- "$old"
  done
}
# install_units RELEASE: its units become systemd's. systemd finds units that are new by itself.
install_units() {
  mkdir -p "$units/.haup"
  cp -- "$1"/units/* "$units/.haup"
  sync -- "$units"/.haup/*
  known=
  for unit in "$units"/.haup/*; do [ ! -e "$units/${unit##*/}" ] || known=1; done
  mv -f -- "$units"/.haup/* "$units"
  rmdir "$units/.haup"
  [ -z "$known" ] || systemctl daemon-reload
}
# note: for whom, and with what, this machine is complete. Written last.
note() {
  cp -- "$current/marker.json" "$marker_file.new"
  sync -- "$marker_file.new" "$releases" "$units"
  mv -fT -- "$marker_file.new" "$marker_file"
  sync -- "${marker_file%/*}"
}
