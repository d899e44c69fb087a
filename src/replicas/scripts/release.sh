#!/bin/sh
# Puts a release on the machine and in force; see ../release.ts. `prepare` and `finish` are shell of their own.
: "${name?}" "${prepare?}" "${finish?}"
set -eu
# Standard input is the archive's, and standard error is what a failure is told from.
sh -euc "$prepare" >&2 </dev/null
# Leases are held, and given back, in the machine's name: no two machines may share one.
case "$(hostname)" in "$name" | "$name".*) ;; *) echo "$name" >/etc/hostname; hostname "$name" ;; esac

. ./unpack.sh
point "$current" "$new"
forget_others
install_units "$current"
[ -z "$finish" ] || sh -euc "$finish"
note
