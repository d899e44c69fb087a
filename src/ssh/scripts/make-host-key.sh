#!/bin/sh
# Makes the new key beside the old one, unless an earlier run did, and prints its public part. A key in place that is not the
# one-time key was put there by an earlier run that was cut off before sshd had read it: that one it is, then.
set -eu
: "${file?}" "${one_time?}"
umask 077

active=$(ssh-keygen -y -P '' -f "$file")
case "$active " in
  "$one_time "*) ;;
  *) echo "$active"; exit 0 ;;
esac
if ! ssh-keygen -y -P '' -f "$file.haup-next" >/dev/null 2>&1; then
  rm -f -- "$file.haup-next" "$file.haup-next.pub"
  ssh-keygen -q -t ed25519 -N '' -C 'made by this machine' -f "$file.haup-next" </dev/null
fi
sync -- "$file.haup-next"
ssh-keygen -y -P '' -f "$file.haup-next"
