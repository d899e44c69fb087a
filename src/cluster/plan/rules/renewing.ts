import type { Step } from '../step.ts';
import type { Replica, View } from '../view.ts';

/** Longer than any change takes. */
export const EXPIRING_SECONDS = 3600;

/** Replicas of which a certificate has expired or is about to, by their own clocks. */
export function expiring(v: View): Replica[] {
  return v.replicas.filter(({ inside }) => {
    const left = inside?.provisioned ? inside.certificateSecondsLeft : null;
    return left !== null && left < EXPIRING_SECONDS;
  });
}

/** New certificates over SSH alone: neither etcd nor the API need to answer, which they may not do for want of them. */
export function renewCertificates(v: View): Step[] {
  if (!v.policy.revive || !v.observation.address) return [];
  return expiring(v).map(({ name }) => ({ kind: 'renew-certificates', replica: name }));
}
