#!/usr/bin/env bash
# What kube-up did for masters, with kube-up's variables unchanged:
#
#   MULTIZONE=true KUBE_GCE_ZONE=europe-west1-b ENABLE_ETCD_QUORUM_READS=true scripts/kube-up.sh
#   KUBE_GCE_ZONE=europe-west1-c KUBE_REPLICATE_EXISTING_MASTER=true scripts/kube-up.sh
#
# It decides nothing: haup reads all variables. See docs/cli.md.
set -euo pipefail

exec "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/haup" kube-up "$@"
