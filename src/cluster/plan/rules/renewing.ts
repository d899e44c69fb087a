import { BACKDATING_MS } from '../../../pki/due.ts';
import { type Decision, nothingToDo } from '../decision.ts';
import { CLOCK_ADVICE, clocksApart } from '../preflight/clocks.ts';
import { dueFiles, isNodeDue, type Renewal } from '../revision/due.ts';
import type { RefreshCertificates } from '../steps/refresh-certificates.ts';
import type { RenewCertificates } from '../steps/renew-certificates.ts';
import type { RenewNode } from '../steps/renew-node.ts';
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
  const ending = expiring(v);
  const expired = ending.filter(({ inside }) => inside!.certificateSecondsLeft! < 0);
  if (expired.length > 0) return inTheirTime(v, expired.map(renewal));
  const [first] = leaderLast(ending);
  if (!first) return nothingToDo;
  const files = dueFiles(v.observation, first.name, v.policy.renew ?? {});
  return inTheirTime(v, [files.length > 0 ? refresh(first.name, files) : renewal(first)]);
}

/**
 * Certificates of which too little is left, while they are still good, as the last thing of all: one replica at a time, who leads etcd last.
 * Over SSH alone as well, whatever the API and etcd do.
 */
export function refreshCertificates(v: View): Decision {
  const { renew } = v.policy;
  if (!renew || !v.observation.address) return nothingToDo;
  const due = leaderLast(v.replicas).flatMap(({ name, inside }) => {
    const files = inside?.provisioned ? dueFiles(v.observation, name, renew) : [];
    return files.length > 0 ? [refresh(name, files)] : [];
  });
  if (due[0]) return inTheirTime(v, [due[0]]);
  return v.policy.withoutNodes ? nothingToDo : inTheirTime(v, refreshNodes(v, renew));
}

function leaderLast(replicas: readonly Replica[]): readonly Replica[] {
  const leads = ({ member }: Replica) => Number(member?.leader ?? false);
  return replicas.toSorted((a, b) => leads(a) - leads(b));
}

function renewal({ name }: Replica): Renewing {
  return { kind: 'renew-certificates', replica: name };
}

function refresh(replica: string, files: readonly string[]): Renewing {
  return { kind: 'refresh-certificates', replica, files };
}

type Renewing = RenewCertificates | RefreshCertificates | RenewNode;

/** By more than that a machine's clock may not be behind the operator's: what is made now would be good there only later. */
const BEHIND_SECONDS = BACKDATING_MS / 1000;

/** None for those in whose time they would begin in the future: nobody would believe them until then, and nobody could tell why. */
function inTheirTime(v: View, steps: readonly Renewing[]): Decision {
  const machines = [...v.observation.machines, ...v.observation.nodes.machines];
  const isBehind = (step: Renewing): boolean => {
    const name = 'node' in step ? step.node : step.replica;
    const inside = machines.find((machine) => machine.name === name)?.inside;
    return inside != null && inside.clockAheadSeconds <= -BEHIND_SECONDS;
  };
  const good = steps.filter((step) => !isBehind(step));
  if (good.length === steps.length) return { steps, blocked: [] };
  const message = `${clocksApart(machines)}: certificates that are made now would not be good yet there`;
  return { steps: good, blocked: [{ message, advice: CLOCK_ADVICE }] };
}

/** After the replicas, which believe them by authorities that may be new as well; side by side, since nobody waits for a node. */
function refreshNodes(v: View, renewal: Renewal): Renewing[] {
  return v.observation.nodes.machines
    .filter(({ name, state, inside }) => {
      const ours = v.spec.nodes.some((node) => node.name === name);
      return ours && state === 'running' && inside?.provisioned && isNodeDue(inside, renewal);
    })
    .map(({ name }) => ({ kind: 'renew-node', node: name }));
}
