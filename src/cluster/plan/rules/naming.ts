import type { Inside } from '../../../replicas/revision/inspect.ts';
import { wantsBalancer } from '../../model/spec.ts';
import type { Step } from '../step.ts';
import type { View } from '../view.ts';

/**
 * Clients may come by the DNS name of the balancer that has the address: every certificate says it. Usually it does when
 * the address arrives. Not of a replica that was dead then and lives again, and nowhere if the balancer was made anew.
 */
export function nameBalancer(v: View): Step[] {
  const { balancer, address } = v.observation;
  if (!wantsBalancer(v.spec) || address?.holder.kind !== 'balancer' || address.lost) return [];
  return v.replicas
    .filter(({ inside }) => lacksName(inside, balancer?.dnsName ?? null))
    .map((replica) => ({ kind: 'name-balancer', replica: replica.name }));
}

/** Of a machine that nobody can look into, or that has no certificate yet, it is not known. */
export function lacksName(inside: Inside | null | undefined, dnsName: string | null): boolean {
  if (!dnsName || !inside?.provisioned) return false;
  // Certificates have DNS names in lower case.
  return !inside.certificateNames.includes(dnsName.toLowerCase());
}
