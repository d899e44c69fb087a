#!/bin/sh
# Puts the new key in force and has sshd read it, by the command `reload`. The private part decides; the public file is only for people.
set -eu
: "${file?}" "${reload?}"

if [ -e "$file.haup-next" ]; then mv -fT -- "$file.haup-next" "$file"; fi
ssh-keygen -y -P '' -f "$file" >"$file.pub.haup-next"
chmod 644 "$file.pub.haup-next"
mv -fT -- "$file.pub.haup-next" "$file.pub"
rm -f -- "$file.haup-next.pub"
sync -- "$(dirname -- "$file")"
eval "$reload"
