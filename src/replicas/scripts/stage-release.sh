#!/bin/sh
# Puts a release on the machine beside the one in force, with all that it needs: whatever is slow, or fails, does so before anything stops.
. ./unpack.sh
point "$staged" "$new"
forget_others
