# shellcheck shell=sh
# What starting a member of etcd consists of.
: "${unit?}" "${data?}" "${id_file?}" "${membership_file?}" "${pki?}" "${url?}"
. ./curl.sh
. ./json.sh

# put FILE TEXT: the write is finished, and on the disk, before the file's name shows it
put() { printf '%s' "$2" >"$1.new"; sync -- "$1.new"; mv -fT -- "$1.new" "$1"; }

# A disk that fails to show its data has not lost it: nothing may be begun in its place.
has_data() {
  wals=$(LC_ALL=C ls -- "$data/member/wal" 2>&1) || case "$wals" in
    *'No such file or directory') return 1 ;;
    *) echo "$wals" >&2; exit 1 ;;
  esac
  echo "$wals" | grep -q '\.wal$'
}

forget() { systemctl stop "$unit"; rm -rf -- "$data/member" "$id_file"; }

# join MEMBERSHIP: it begins without data, as one of these members
join() { systemctl stop "$unit"; rm -rf -- "$data/member"; put "$membership_file" "$1"; }

# joins MEMBERSHIP: it is on its way into these members, and is left alone. Before it writes anything to its disk it asks each of
# them in turn, which takes longer than one look when one is silent, as a machine is that is gone: stopped at every look
# because it has no data yet, it would never have any.
joins() {
  [ "$(systemctl show -p ActiveState --value "$unit")" = activating ] && [ "$(cat "$membership_file")" = "${1%?}" ]
}

# remember ID: whose the data is
remember() { [ "$(cat "$id_file" 2>/dev/null)" = "$1" ] || put "$id_file" "$1"; echo "$1"; }

# Leaves its member id in $running.
ask() {
  status=$(curl_here -sS -m 5 --cacert "$pki/etcd/ca.crt" --cert "$pki/etcd/client.crt" --key "$pki/etcd/client.key" \
    -d '{}' "$url/v3/maintenance/status") || not_yet "$unit" 'etcd: its answer'
  running=$(echo "$status" | field member_id)
  [ -n "$running" ] || not_yet "$unit" "etcd: its member id in $status"
}

# A member that joins proposes its own name, and serves when that has been committed. The leader sends it a snapshot at the same
# time, the connections to its peers are replaced when that is applied, and the proposal is often lost with them (tried on 3.7.3:
# every time): etcd then waits for 7 s, a constant, and proposes it again. So it is started anew as soon as it has the snapshot,
# which costs a tenth of a second and is what a crash at that moment would do.
start_fresh() {
  systemctl enable -q "$unit"
  systemctl start --no-block "$unit"
  for _ in $(seq 30); do
    systemctl is-active -q "$unit" && return 0
    for snapshot in "$data"/member/snap/*.snap; do [ ! -e "$snapshot" ] || break 2; done
    sleep 0.05
  done
  [ -e "$snapshot" ] || return 0
  sleep 0.1
  systemctl is-active -q "$unit" || systemctl restart --no-block "$unit"
}

start() {
  systemctl is-enabled -q "$unit" || systemctl enable -q "$unit"
  # It says itself when it serves: for a member of several, when it has found a leader.
  timeout 2 systemctl start "$unit" 2>/dev/null && return 0
  [ $? -ne 124 ] || not_yet "$unit" 'etcd: serving'
  sleep 0.5
  not_yet "$unit" 'etcd: it ended and is started again'
}
