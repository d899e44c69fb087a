#!/usr/bin/env bash
# What kube-down did for masters, with kube-up's variables unchanged:
#
#   KUBE_DELETE_NODES=false KUBE_GCE_ZONE=europe-west1-c scripts/kube-down.sh             removes a replica in that zone
#   KUBE_DELETE_NODES=false KUBE_REPLICA_NAME=kubernetes-master-k2x scripts/kube-down.sh  removes that replica
#   scripts/kube-down.sh                                                                  deletes a cluster of one replica
#
# See docs/cli.md.
set -euo pipefail

haup=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/haup
export KUBERNETES_PROVIDER=${KUBERNETES_PROVIDER:-gce}
case $KUBERNETES_PROVIDER in
  aws) cluster=${HAUP_CLUSTER:-${KUBE_AWS_INSTANCE_PREFIX:-kubernetes}} zone=${KUBE_AWS_ZONE:-us-west-2a} ;;
  gce) cluster=${HAUP_CLUSTER:-${KUBE_GCE_INSTANCE_PREFIX:-kubernetes}} zone=${KUBE_GCE_ZONE:-us-central1-b} ;;
  *) cluster=${HAUP_CLUSTER:-${KUBE_GCE_INSTANCE_PREFIX:-${KUBE_AWS_INSTANCE_PREFIX:-kubernetes}}}
    zone=${KUBE_GCE_ZONE:-${KUBE_AWS_ZONE:-local-a}} ;;
esac

if [[ ${KUBE_DELETE_NODES:-true} == false ]]; then
  if [[ -n ${KUBE_REPLICA_NAME:-} ]]; then
    exec "$haup" remove-replica --cluster "$cluster" "$KUBE_REPLICA_NAME" "$@"
  fi
  exec "$haup" remove-replica --cluster "$cluster" --zone "$zone" "$@"
fi

replicas=$("$haup" list --output json | node -e '
  const clusters = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
  console.log(clusters.find((cluster) => cluster.name === process.argv[1])?.replicas ?? 0);
' "$cluster")
if ((replicas > 1)); then
  echo "haup: $cluster has $replicas master replicas; kube-down deletes a cluster only when one is left" >&2
  echo "  remove replicas with KUBE_DELETE_NODES=false KUBE_GCE_ZONE=ZONE $0, or all of it with haup delete -c $cluster" >&2
  exit 3
fi
exec "$haup" delete --cluster "$cluster" --yes "$@"
