#!/usr/bin/env bash
# What kube-down did for masters, with kube-down's variables unchanged:
#
#   KUBE_DELETE_NODES=false KUBE_GCE_ZONE=europe-west1-c scripts/kube-down.sh             removes a replica in that zone
#   KUBE_DELETE_NODES=false KUBE_REPLICA_NAME=kubernetes-master-k2x scripts/kube-down.sh  removes that replica
#   scripts/kube-down.sh                                                                  deletes a cluster of one replica
#
# It decides nothing: haup reads all variables. See docs/cli.md.
set -euo pipefail

exec "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/haup" kube-down --yes "$@"
