import { dueFiles, isNodeDue, type Renewal } from '../revision/due.ts';
import type { Step } from '../step.ts';
import type { RenewCertificates } from '../steps/renew-certificates.ts';
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
export function renewCertificates(v: View): RenewCertificates[] {
  if (!(v.policy.revive || v.policy.renew) || !v.observation.address) return [];
  return expiring(v).map(({ name }) => ({ kind: 'renew-certificates', replica: name }));
}

/**
 * Certificates of which too little is left, while they are still good, as the last thing of all: one replica at a time, who leads etcd last.
 * Over SSH alone as well, whatever the API and etcd do.
 */
export function refreshCertificates(v: View): Step[] {
  const { renew } = v.policy;
  if (!renew || !v.observation.address) return [];
  const due = v.replicas.flatMap(({ name, member, inside }) => {
    const files = inside?.provisioned ? dueFiles(v.observation, name, renew) : [];
    return files.length > 0 ? [{ name, files, leads: member?.leader ?? false }] : [];
  });
  const first = due.find(({ leads }) => !leads) ?? due[0];
  if (first) return [{ kind: 'refresh-certificates', replica: first.name, files: first.files }];
  return v.policy.withoutNodes ? [] : refreshNodes(v, renew);
}

/** After the replicas, which believe them by authorities that may be new as well; side by side, since nobody waits for a node. */
function refreshNodes(v: View, renewal: Renewal): Step[] {
  return v.observation.nodes.machines
    .filter(({ name, state, inside }) => {
      const ours = v.spec.nodes.some((node) => node.name === name);
      return ours && state === 'running' && inside?.provisioned && isNodeDue(inside, renewal);
    })
    .map(({ name }) => ({ kind: 'renew-node', node: name }));
}
