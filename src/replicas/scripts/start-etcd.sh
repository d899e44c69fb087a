#!/bin/sh
# A member that etcd lists as $id, with the data that it has, if that is its own. Prints its id.
: "${id?}" "${membership?}"
. ./etcd-member.sh

known=$(cat "$id_file" 2>/dev/null) || known=
if has_data && [ -n "$known" ] && [ "$known" != "$id" ]; then forget; fi
has_data || {
  joins "$membership" || join "$membership"
  remember "$id" >/dev/null
  start_fresh
}
start
ask
# Data without a note whose it is, and now it turns out to be another's.
if [ "$running" != "$id" ]; then forget; not_yet "$unit" "etcd: its data is of the member $running, not $id"; fi
remember "$id"
