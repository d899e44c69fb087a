# shellcheck shell=sh
# What every watched work begins with; see ../progress.ts.
set -eu
# not_yet UNIT WHAT: ends with what is waited for, and how often systemd has started the unit again
not_yet() { systemctl show -p NRestarts --value "$1"; echo "$1"; echo "$2"; exit 75; }
looks=0
# later UNIT WHAT: a tenth of a second until the next look, and back to haup after two seconds
later() { looks=$((looks + 1)); [ $looks -lt 20 ] || not_yet "$1" "$2"; sleep 0.1; }
