import { BACKDATING_MS } from '../../../pki/due.ts';
import type { Inside } from '../../../replicas/revision/inspect.ts';
import { type Blocked, type Decision, nothingToDo } from '../decision.ts';
import { CLOCK_ADVICE, clocksApart } from '../preflight/clocks.ts';
import { dueFiles, isNodeDue, type Renewal } from '../revision/due.ts';
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

/**
 * New certificates over SSH alone: neither etcd nor the API need to answer, which they may not do for want of them. What has expired is renewed
 * everywhere at once, and everything of it starts again; what is about to, one replica at a time, while it is still good.
 */
export function renewCertificates(v: View): Decision {
  if (!(v.policy.revive || v.policy.renew) || !v.observation.address) return nothingToDo;
  const { able, blocked } = inTheirTime(v, expiring(v));
  const expired = able.filter(({ inside }) => inside!.certificateSecondsLeft! < 0);
  if (expired.length > 0) return { steps: expired.map(renewal), blocked };
  const [first] = leaderLast(able);
  if (!first) return { steps: [], blocked };
  const files = dueFiles(v.observation, first.name, v.policy.renew ?? {});
  return { steps: [files.length > 0 ? refresh(first.name, files) : renewal(first)], blocked };
}

/**
 * Certificates of which too little is left, while they are still good, as the last thing of all: one replica at a time, who leads etcd last.
 * Over SSH alone as well, whatever the API and etcd do.
 */
export function refreshCertificates(v: View): Decision {
  const { renew } = v.policy;
  if (!renew || !v.observation.address) return nothingToDo;
  const filesOf = ({ name, inside }: Replica) =>
    inside?.provisioned ? dueFiles(v.observation, name, renew) : [];
  const due = v.replicas.filter((replica) => filesOf(replica).length > 0);
  const { able, blocked } = inTheirTime(v, due);
  const [first] = leaderLast(able);
  if (first) return { steps: [refresh(first.name, filesOf(first))], blocked };
  return { steps: v.policy.withoutNodes ? [] : refreshNodes(v, renew), blocked };
}

function leaderLast(replicas: readonly Replica[]): readonly Replica[] {
  const leads = ({ member }: Replica) => Number(member?.leader ?? false);
  return replicas.toSorted((a, b) => leads(a) - leads(b));
}

function renewal({ name }: Replica): Step {
  return { kind: 'renew-certificates', replica: name };
}

function refresh(replica: string, files: readonly string[]): Step {
  return { kind: 'refresh-certificates', replica, files };
}

/** By more than that a machine's clock may not be behind the operator's: what is made now would be good there only later. */
const BEHIND_SECONDS = BACKDATING_MS / 1000;

function isBehind(inside: Pick<Inside, 'clockAheadSeconds'> | null): boolean {
  return inside !== null && inside.clockAheadSeconds <= -BEHIND_SECONDS;
}

/**
 * None for those in whose time they would begin in the future: nobody would believe them until then, and nobody could tell why. The others do
 * not wait for it.
 */
function inTheirTime(
  v: View,
  replicas: readonly Replica[],
): { readonly able: readonly Replica[]; readonly blocked: readonly Blocked[] } {
  const able = replicas.filter(({ inside }) => !isBehind(inside));
  if (able.length === replicas.length) return { able, blocked: [] };
  const message = `${clocksApart(v.observation.machines)}: certificates that are made now would not be good yet there`;
  return { able, blocked: [{ message, advice: CLOCK_ADVICE }] };
}

/**
 * After the replicas, which believe them by authorities that may be new as well; side by side, since nobody waits for a node. One whose clock
 * is behind is left as it is, which stops nobody: the status names its clock.
 */
function refreshNodes(v: View, renewal: Renewal): Step[] {
  return v.observation.nodes.machines
    .filter(({ name, state, inside }) => {
      const ours = v.spec.nodes.some((node) => node.name === name);
      return (
        ours && state === 'running' && inside?.provisioned && !isBehind(inside) && isNodeDue(inside, renewal)
      );
    })
    .map(({ name }) => ({ kind: 'renew-node', node: name }));
}
