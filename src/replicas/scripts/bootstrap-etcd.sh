#!/bin/sh
# The first member of a new etcd; one that has data is only started. Prints its id.
: "${membership?}"
. ./etcd-member.sh

has_data || joins "$membership" || join "$membership"
start
ask
remember "$running"
