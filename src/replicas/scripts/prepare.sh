#!/bin/sh
# What a master needs of its distribution, and its users, each a line of sysusers.d.
. ./apt.sh
command -v curl >/dev/null || install_packages curl
systemd-sysusers --inline "$@"
