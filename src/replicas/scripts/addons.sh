#!/bin/sh
# Keeps what runs in the cluster as the manifests on this machine say; see ../settings/addons.ts.
set -u
: "${kubectl?}" "${kubeconfig?}" "${manifests?}" "${every_seconds?}"

said=
while :; do
  if now=$("$kubectl" --kubeconfig="$kubeconfig" --cache-dir=/tmp/kubectl --request-timeout=10s \
    apply --server-side --force-conflicts --field-manager=haup --validate=false -o name -f "$manifests" 2>&1)
  then now='all add-ons are applied' pause=$every_seconds
  else pause=1
  fi
  [ "$now" = "$said" ] || echo "$now"
  said=$now
  sleep "$pause"
done
