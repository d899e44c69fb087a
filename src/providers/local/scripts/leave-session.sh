#!/bin/sh
# Leaves the groups of the session that haup runs in; see ../launch.ts.
for procs in /sys/fs/cgroup/*/cgroup.procs; do echo $$ 2>/dev/null >"$procs" || :; done
. ./join-groups.sh
