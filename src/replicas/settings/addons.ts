import { shellScript } from '../../ssh/script.ts';
import { paths, pkiPath } from '../paths.ts';

/** Somebody's change to what haup keeps lasts no longer. */
const SECONDS = 60;

const script = shellScript('replicas/scripts/addons.sh', [
  ...(['kubectl', 'kubeconfig', 'manifests', 'every_seconds'] as const),
]);

/**
 * `addons.sh`: keeps what runs in the cluster as the manifests on this machine say. Every master does so for itself, by
 * server-side apply, which changes nothing where all is as it should be.
 */
export function addonsScript(kubectl: string): string {
  return script({
    kubectl,
    kubeconfig: pkiPath('addons.conf'),
    manifests: `${paths.current}/addons`,
    every_seconds: SECONDS,
  });
}
