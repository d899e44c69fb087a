import { paths, pkiPath } from '../paths.ts';

/** Somebody's change to what haup keeps lasts no longer. */
const SECONDS = 60;

/**
 * `addons.sh`: keeps what runs in the cluster as the manifests on this machine say. Every master does so for itself, by
 * server-side apply, which changes nothing where all is as it should be.
 */
export function addonsScript(kubectl: string): string {
  return `# See src/replicas/settings/addons.ts
set -u
said=
while :; do
  if now=$(${kubectl} --kubeconfig=${pkiPath('addons.conf')} --cache-dir=/tmp/kubectl --request-timeout=10s \\
    apply --server-side --force-conflicts --field-manager=haup --validate=false -o name -f ${paths.current}/addons 2>&1)
  then now='all add-ons are applied' pause=${SECONDS}
  else pause=1
  fi
  [ "$now" = "$said" ] || echo "$now"
  said=$now
  sleep "$pause"
done
`;
}
