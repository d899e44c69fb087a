#!/bin/sh
# What a master says of itself, in sections. Arguments: the addresses that its components are asked at. They are asked while the
# rest is looked at. Nothing is written, since a disk may be full.
: "${pki?}" "${marker?}" "${data?}" "${revision_file?}" "${backups?}" "${asked?}" "${folders?}" "${current?}"
: "${staged?}" "${digested?}"
. ./curl.sh
. ./sections.sh

there() { for file; do [ ! -e "$file" ] || printf '%s ' "$file"; done; }

# Two sections, read by ../revision.ts: certificates and public keys; digests of settings, add-ons, units and keys. A release that
# is exchanged meanwhile is seen as a whole or not at all. What an older haup did not put there is no reason to see nothing.
# shellcheck disable=SC2046,SC2086 # lists of files
revision() {
  if cd "$current" 2>/dev/null; then
    set -- $(there pki/*.crt pki/sa.pub pki/*.conf pki/etcd/*.crt)
    [ $# = 0 ] || awk '
      FNR == 1 { print "# " FILENAME }
      FILENAME ~ /conf$/ { if ($1 == "client-certificate-data:") print $2; next }
      { print }' "$@" || exit 74
  fi
  say
  if [ -d pki ]; then
    set -- $(there $digested)
    [ $# = 0 ] || sha256sum -- "$@" || exit 74
    [ ! -e config/encryption.yaml ] || sed -n 's/^ *secret: //p' config/encryption.yaml |
      while read -r key; do printf %s "$key" | sha256sum || exit 74; done || exit 74
  fi
  if [ -e "$current" ]; then [ -d pki ] || exit 74; else absent "$current" || exit 74; fi
  say
}

for _; do set -- "$@" -o /dev/null; done
curl_here -sZ -m 2 --cacert "$pki/ca.crt" -w '%{url} %{http_code}\n' "$@" 2>/dev/null | {
  date +%s%3N; say
  show "$marker"; say
  show "$staged/marker.json"; say
  show "$current/marker.json"; say
  revision
  wals=$(names "$data/member/wal") || exit 74
  ! echo "$wals" | grep -q '\.wal$' || echo yes; say
  show "$revision_file"; say
  for file in $backups; do
    if text=$(cat "$file" 2>/dev/null); then printf '%s %s\n' "${file##*/}" "$text"; elif [ -e "$file" ]; then exit 74; fi
    [ "${file##*/}" != generation ] || [ ! -e "$file" ] || echo "since $(stat -c %Z "$file" 2>/dev/null)"
  done
  say
  # shellcheck disable=SC2086 # a list
  systemctl show -p Id,UnitFileState,ActiveState,NRestarts,ActiveEnterTimestampMonotonic $asked; say
  cut -d. -f1 /proc/uptime; say
  for folder in $folders; do
    [ ! -e "$folder" ] || echo "$folder $(df -Pk "$folder" | awk 'NR == 2 { print $4 }')"
  done
  say
  cat; say
  date +%s%3N
}
