import { type ClusterSpec, wanted } from '../../cluster/model/spec.ts';
import { next } from '../../cluster/plan/next.ts';
import { makePlan } from '../../cluster/plan/plan.ts';
import { withReplacements } from '../../cluster/plan/spec-changes.ts';
import { standing } from '../../cluster/plan/standing.ts';
import { describe } from '../../cluster/plan/step.ts';
import { type Opinion, type Rule, type Watch, wait } from '../watch.ts';

/** Only what a plan says of quorums counts here. */
const UNTIMED = { promotion: [0, 0], demotion: [0, 0], replacement: [0, 0], note: null } as const;

/** A node that is stuck keeps no dead master from being replaced: the change of the masters leaves the nodes as they are. */
const MASTERS = { revive: false, withoutNodes: true } as const;

/**
 * A dead replica, by the rules of Cluster API's KubeadmControlPlane: one at a time, after the operator's time, only if the quorum is
 * kept on all of the way, and never in a storm.
 */
export const replace: Rule = (watch) => {
  const dead = Object.entries(watch.memory.deadSince).sort(([, a], [, b]) => a - b);
  const [oldest] = dead;
  if (!oldest) return null;
  const { etcd } = watch.observation;
  if (etcd.quorum === 'held' || etcd.quorum === 'unknown')
    return wait(`${oldest[0]} was dead when haup last saw etcd, and now it cannot look at it`);
  if (!etcd.readable || !standing(watch.observation).hasQuorum)
    return wait('etcd has no quorum: what is given up then is for a person to say');
  const zone = dead
    .map(([name]) => wanted(watch.spec, name)?.zone)
    .find((zone) => zone !== undefined && watch.memory.zonesOut.includes(zone));
  if (zone) return outOf(watch, zone);
  const [name, since] = oldest;
  const open = unfinished(watch);
  if (open) return wait(`${name} is dead, and something is unfinished that goes first: ${open}`);
  const left = since + watch.afterMs - watch.now;
  if (left > 0)
    return wait(`${name} is dead, since ${seconds(watch.now - since)}; it is replaced in ${seconds(left)}`);
  return provenSafe(watch, name, `dead for ${seconds(watch.now - since)}`);
};

function unfinished({ spec, observation }: Watch): string | undefined {
  const { steps, blocked } = next(spec, observation, MASTERS);
  return [...steps.map(describe), ...blocked.map(({ message }) => message)][0];
}

/** Who was in a zone that is out waits for it, or goes where the operator lets them go: all of them together. */
function outOf(watch: Watch, zone: string): Opinion {
  const outage = `more than half of ${zone} is dead: that is an outage of the zone`;
  const { spec, memory, now, afterMs, elsewhere } = watch;
  const allowed = elsewhere.filter((other) => !memory.zonesOut.includes(other) && !hasDead(watch, other));
  if (allowed.length === 0 || !spec.multizone) return wait(`${outage}, which is waited out`);
  const open = unfinished(watch);
  if (open) return wait(`${outage}, and something is unfinished that goes first: ${open}`);
  const victims = spec.replicas.filter(
    (replica) => replica.zone === zone && memory.deadSince[replica.name] !== undefined,
  );
  const since = Math.max(...victims.map(({ name }) => memory.deadSince[name]!));
  const left = since + afterMs - now;
  const names = victims.map(({ name }) => name);
  if (left > 0) return wait(`${outage}; ${names.join(', ')} can go elsewhere in ${seconds(left)}`);
  const moves = refuges(spec, names, allowed);
  const where = names.map((name) => `${name} to ${moves[name]}`).join(', ');
  return provenSafe(watch, names[0]!, `dead for ${seconds(now - since)}, and ${outage}: ${where}`, moves);
}

function hasDead({ spec, memory }: Watch, zone: string): boolean {
  return spec.replicas.some((other) => other.zone === zone && memory.deadSince[other.name] !== undefined);
}

/** Each to where the fewest stand. */
function refuges(
  spec: ClusterSpec,
  names: readonly string[],
  zones: readonly string[],
): Record<string, string> {
  const count = new Map(
    zones.map((zone) => [zone, spec.replicas.filter((replica) => replica.zone === zone).length]),
  );
  const moves: Record<string, string> = {};
  for (const name of names) {
    const [zone, there] = [...count].toSorted(([, a], [, b]) => a - b)[0]!;
    moves[name] = zone;
    count.set(zone, there + 1);
  }
  return moves;
}

/** The plan itself is the proof: every state that it passes through has a quorum. */
function provenSafe(
  { spec, observation }: Watch,
  name: string,
  why: string,
  moves?: Readonly<Record<string, string>>,
): Opinion {
  const names = moves ? Object.keys(moves) : [name];
  const after = withReplacements(spec, names, (_, used) => `planned-${used.length}`, moves);
  const { blocked, steps } = makePlan(after, observation, { interruption: UNTIMED, policy: MASTERS });
  if (blocked[0]) return wait(`${name} is ${why}, and cannot be replaced now: ${blocked[0].message}`);
  if (!steps.every((step) => step.after.hasQuorum))
    return wait(`${name} is ${why}, and etcd would lose its quorum while it is replaced`);
  return { kind: 'act', duty: 'replace', replica: name, reason: why, ...(moves ? { moves } : {}) };
}

function seconds(ms: number): string {
  return ms < 120_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`;
}
