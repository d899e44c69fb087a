#!/bin/sh
# The distribution's packages that a node needs: arguments are PROGRAM PACKAGE pairs, by a program of each.
. ../../replicas/scripts/apt.sh
missing=
while [ $# -gt 0 ]; do
  command -v "$1" >/dev/null || missing="$missing $2"
  shift 2
done
# shellcheck disable=SC2086 # a list
[ -z "$missing" ] || install_packages $missing
