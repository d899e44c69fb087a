import { shellScript } from '../../ssh/script.ts';
import { pkiFolder } from '../paths.ts';
import { unit } from '../units/names.ts';

/** What the API server may take for it beyond the time in which the balancer notices. */
export const GRACE_SECONDS = 10;

const script = shellScript('replicas/scripts/before-etcd-stops.sh', [
  ...(['pki', 'api_port', 'etcd', 'api_server', 'seconds'] as const),
]);

/**
 * `before-etcd-stops.sh`: has an API server that serves stop first. Left without its etcd it still takes connections, and lets each
 * client wait, until three health checks have failed. Stopped first, it says that it goes, and finishes what it has begun. When
 * etcd ends by itself the API server stays: systemd has etcd back within a second.
 */
export function beforeEtcdStopsScript(apiPort: number, shutdownDelaySeconds: number): string {
  return script({
    pki: pkiFolder,
    api_port: apiPort,
    etcd: unit.etcd,
    api_server: unit.apiServer,
    seconds: shutdownDelaySeconds + GRACE_SECONDS,
  });
}
