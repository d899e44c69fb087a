#!/usr/bin/env bash
# What kube-up did for masters, with kube-up's variables unchanged:
#
#   MULTIZONE=true KUBE_GCE_ZONE=europe-west1-b ENABLE_ETCD_QUORUM_READS=true scripts/kube-up.sh
#   KUBE_GCE_ZONE=europe-west1-c KUBE_REPLICATE_EXISTING_MASTER=true scripts/kube-up.sh
#
# KUBERNETES_PROVIDER is gce unless it says otherwise, as for kube-up. See docs/cli.md.
set -euo pipefail

export KUBERNETES_PROVIDER=${KUBERNETES_PROVIDER:-gce}
exec "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/haup" create "$@"
