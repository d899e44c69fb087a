#!/bin/sh
# Downloads the executables of a machine; see ../script.ts. `downloads` has a line for each file: the kind of machine, a name for the
# file, its SHA-256, its address, and the executables that are in it, NAME or, in an archive, NAME=MEMBER.
: "${folder?}" "${protocols?}" "${machines?}" "${downloads?}"
set -u
umask 022
work="$folder/.download"
mkdir -p "$work" || exit 1
exec 9>"$work/lock"
flock 9 || exit 1

say() { echo "haup-download: $*" >&2; }
get() {
  curl --proto "=$protocols" --fail --silent --show-error --location --connect-timeout 15 --speed-time 30 --speed-limit 1 "$@"
}

# fetch KEY SHA256 URL: leaves the verified file at $work/KEY.part
fetch() {
  part="$work/$1.part"
  attempt=0
  while [ "$attempt" -lt 8 ]; do
    [ "$attempt" -eq 0 ] || sleep "$attempt"
    attempt=$((attempt + 1))
    # A part that is whole already makes curl fail (416), so the checksum decides, not curl.
    get --continue-at - --output "$part" "$3"
    broken=$?
    [ -f "$part" ] || continue
    echo "$2  $part" | sha256sum --check --status && return 0
    # 0, 22 (an HTTP error: 416 for one) and 33 (no ranges) end with all that there is; after any other, what came is kept.
    case $broken in 0 | 22 | 33) say "what came from $3 does not have the SHA-256 $2"; rm -f "$part" ;; esac
  done
  say "gave up on $3"
  return 1
}

# in_place NAME SHA256: it is there, still what was verified, and came out of that file: another one at the same place is another
in_place() {
  [ -x "$folder/$1" ] && (cd "$folder" && sha256sum --check --status ".download/$1.ok" 2>/dev/null) &&
    [ "$(cat "$work/$1.from" 2>/dev/null)" = "$2" ]
}

# all_in_place SHA256 BINARY…
all_in_place() {
  from=$1
  shift
  for binary; do in_place "${binary%%=*}" "$from" || return 1; done
}

# install_as NAME FILE SHA256: the name appears with its content whole
install_as() {
  chmod 0755 "$2" || return 1
  mv -f "$2" "$folder/$1" || return 1
  (cd "$folder" && sha256sum "$1") >"$work/$1.ok" && echo "$3" >"$work/$1.from" && say "$1 is in place"
}

# download KEY SHA256 URL BINARY…
download() {
  key=$1 sum=$2 url=$3
  shift 3
  all_in_place "$sum" "$@" && return 0
  fetch "$key" "$sum" "$url" || return 1
  for binary; do
    name=${binary%%=*}
    file="$work/$key.part"
    if [ "$name" != "$binary" ]; then
      tar -xzOf "$file" "${binary#*=}" >"$work/$name" || return 1
      file="$work/$name"
    fi
    install_as "$name" "$file" "$sum" || return 1
  done
  rm -f "$work/$key.part"
}

here=$(uname -m)
pids=
while read -r machine key sum url binaries; do
  [ "$machine" = "$here" ] || continue
  # shellcheck disable=SC2086 # a list
  download "$key" "$sum" "$url" $binaries </dev/null &
  pids="$pids $!"
done <<EOF
$downloads
EOF
[ -n "$pids" ] || {
  say "the programs are installed for $machines; this machine is $here"
  exit 1
}
failed=0
for pid in $pids; do wait "$pid" || failed=1; done
[ "$failed" -eq 0 ] || { say 'not everything could be fetched; run this again'; exit 1; }
