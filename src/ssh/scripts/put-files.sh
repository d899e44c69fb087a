#!/bin/sh
# Puts files in place, and prints the path of each that it changed; see ../push.ts. Arguments: PATH BYTES OWNER:GROUP MODE of each.
# Their contents are on standard input, one after the other.
set -eu

# each COMMAND PATH BYTES OWNER:GROUP MODE …
each() {
  command=$1
  shift
  while [ $# -gt 0 ]; do
    "$command" "$1" "$2" "$3" "$4"
    shift 4
  done
}
folder_of() { folder=${1%/*}; folder=${folder:-/}; }
make_folder() { folder_of "$1"; [ -d "$folder" ] || mkdir -p -- "$folder"; }
flush_folder() { folder_of "$1"; sync -- "$folder"; }
put() {
  folder_of "$1"
  part="$folder/.${1##*/}.haup-push.$$"
  head -c "$2" >"$part"
  [ "$(stat -c %s -- "$part")" = "$2" ] || { echo "$1: the input ended early" >&2; exit 1; }
  chown -- "$3" "$part"
  chmod -- "$4" "$part"
  if [ -f "$1" ] && ! [ -L "$1" ] && cmp -s -- "$part" "$1" && [ "$(stat -c %a:%U:%G -- "$part")" = "$(stat -c %a:%U:%G -- "$1")" ]; then
    rm -f -- "$part"
  else
    sync -- "$part"
    mv -fT -- "$part" "$1"
    echo "$1"
  fi
}

umask 022
each make_folder "$@"
umask 077
part=
trap 'rm -f -- "$part"' EXIT
each put "$@"
each flush_folder "$@"
