import type { Observation } from '../../model/observation.ts';
import type { ClusterSpec } from '../../model/spec.ts';
import type { Warning } from '../../model/warning.ts';

const DAY_MS = 86_400_000;
const EXPIRES_SOON_DAYS = 30;

/**
 * Nodes whose certificates end soon: the kubelet's for serving, and kube-proxy's, which is as old. The kubelet's own, as a client, it
 * renews by itself. Pure; `now` in milliseconds since the epoch.
 */
export function nodeCertificateWarnings(
  { name: cluster }: ClusterSpec,
  o: Observation,
  now: number,
): Warning[] {
  return o.nodes.machines.flatMap(({ name, inside }) => {
    const expires = inside?.servingCertificateExpires;
    if (!expires) return [];
    const days = (Date.parse(expires) - now) / DAY_MS;
    if (days >= EXPIRES_SOON_DAYS) return [];
    const when = days < 0 ? 'have expired' : `expire in ${Math.floor(days)} days`;
    return [
      {
        says: `${name}: its certificates ${when}`,
        remedy: { to: 'renew them', command: 'renew' as const, cluster },
      },
    ];
  });
}
