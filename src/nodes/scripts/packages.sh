#!/bin/sh
# The distribution's packages that a node needs: arguments are PROGRAM PACKAGE pairs, by a program of each.
missing=
while [ $# -gt 0 ]; do
  command -v "$1" >/dev/null || missing="$missing $2"
  shift 2
done
[ -z "$missing" ] || {
  apt-get -qq update
  # shellcheck disable=SC2086 # a list
  DEBIAN_FRONTEND=noninteractive apt-get -qqy install --no-install-recommends $missing
}
