#!/bin/sh
# What a master needs of its distribution, and its users, each a line of sysusers.d.
command -v curl >/dev/null || { apt-get -qq update && apt-get -qqy install curl; }
systemd-sysusers --inline "$@"
