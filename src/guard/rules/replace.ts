import { machineOf, type Observation } from '../../cluster/model/observation.ts';
import { type ClusterSpec, wanted } from '../../cluster/model/spec.ts';
import { next } from '../../cluster/plan/next.ts';
import { makePlan } from '../../cluster/plan/plan.ts';
import { withReplacements } from '../../cluster/plan/spec-changes.ts';
import { standing } from '../../cluster/plan/standing.ts';
import { describe } from '../../cluster/plan/step.ts';
import { type Opinion, type Rule, type Watch, wait } from '../watch.ts';

/** Only what a plan says of quorums counts here. */
const UNTIMED = { promotion: [0, 0], demotion: [0, 0], replacement: [0, 0], note: null } as const;

/**
 * A dead replica, by the rules of Cluster API's KubeadmControlPlane: one at a time, after the operator's time, only if the quorum is
 * kept on all of the way, and never in a storm.
 */
export const replace: Rule = (watch) => {
  const dead = Object.entries(watch.memory.deadSince).sort(([, a], [, b]) => a - b);
  const [oldest] = dead;
  if (!oldest) return null;
  const { etcd } = watch.observation;
  if (!etcd.readable || !standing(watch.observation).hasQuorum)
    return wait('etcd has no quorum: what is given up then is for a person to say');
  const out = dead.map(([name]) => zoneOutage(watch, name)).find((zone) => zone !== null);
  if (out)
    return wait(`more than half of ${out} is dead: that is an outage of the zone, which is waited out`);
  const [name, since] = oldest;
  const { steps, blocked } = next(watch.spec, watch.observation);
  const open = [...steps.map(describe), ...blocked.map(({ message }) => message)];
  if (open[0]) return wait(`${name} is dead, and something is unfinished that goes first: ${open[0]}`);
  const left = since + watch.afterMs - watch.now;
  if (left > 0)
    return wait(`${name} is dead, since ${seconds(watch.now - since)}; it is replaced in ${seconds(left)}`);
  return provenSafe(watch, name, `dead for ${seconds(watch.now - since)}`);
};

/** The plan itself is the proof: every state that it passes through has a quorum. */
function provenSafe({ spec, observation }: Watch, name: string, why: string): Opinion {
  const after = withReplacements(spec, [name], (_, used) => `planned-${used.length}`);
  const { blocked, steps } = makePlan(after, observation, { interruption: UNTIMED });
  if (blocked[0]) return wait(`${name} is ${why}, and cannot be replaced now: ${blocked[0].message}`);
  if (!steps.every((step) => step.after.hasQuorum))
    return wait(`${name} is ${why}, and etcd would lose its quorum while it is replaced`);
  return { kind: 'act', duty: 'replace', replica: name, reason: why };
}

/** The replica's zone, if more than half of the machines there are dead, and more than one: of one alone nobody can tell. */
function zoneOutage({ spec, observation, memory }: Watch, name: string): string | null {
  const zone = zoneOf(spec, observation, name);
  const here = spec.replicas.filter((replica) => replica.zone === zone).map((replica) => replica.name);
  const nodes = spec.nodes.filter((node) => node.zone === zone).map((node) => node.name);
  const dead = [
    ...here.filter((each) => memory.deadSince[each] !== undefined),
    ...nodes.filter((each) => isNodeDown(observation, each)),
  ];
  return dead.length > 1 && dead.length * 2 > here.length + nodes.length ? zone : null;
}

function zoneOf(spec: ClusterSpec, observation: Observation, name: string): string {
  return wanted(spec, name)?.zone ?? machineOf(observation, name)?.zone ?? '';
}

function isNodeDown({ nodes }: Observation, name: string): boolean {
  const machine = nodes.machines.find((each) => each.name === name);
  return machine?.state !== 'running' || machine.inside === null;
}

function seconds(ms: number): string {
  return ms < 120_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`;
}
