#!/bin/sh
# How far etcd's log goes, by a program in Perl, and for how many seconds nothing was written to it; see ../rescue.ts.
: "${wal?}" "${program?}"

newest=$(stat -c %Y "$wal"/*.wal | sort -n | tail -n 1)
perl -e "$program" "$wal" || exit 1
echo $(($(date +%s) - newest))
