import { machineOf, type Observation } from '../model/observation.ts';
import { type ClusterChange, type ClusterSpec, revised, wantsBalancer } from '../model/spec.ts';
import type { Blocked } from './decision.ts';
import { isOn, isPastReturn } from './no-return.ts';
import { COSTS, type Cost, worst } from './revision/cost.ts';
import { differencesOf } from './revision/differs.ts';
import { rotates } from './rotation.ts';
import { withoutSurge } from './spec-changes.ts';
import { standing } from './standing.ts';
import { isOfNodes, type Step } from './step.ts';
import { withMember } from './steps/effects.ts';
import { isServing, type Replica, type View } from './view.ts';

/** Bringing replicas to what a changed spec wants, one at a time: who is next, and what that costs. */
export interface Turn {
  readonly replica: Replica;
  readonly cost: Cost;
}

/**
 * Who still has what was wanted before the change that is under way. A difference that no change explains (another haup's units, a file
 * that somebody edited) is shown, and is no reason to touch anything.
 */
export function dueForChange(v: View): Turn[] {
  const { change } = v.spec;
  if (!change || change.back !== undefined) return [];
  return v.replicas.flatMap((replica) => {
    if (!replica.inside?.provisioned || replica.inside.change === change.id) return [];
    const costs = differencesOf(v.observation, replica.name).map(({ cost }) => cost);
    // When one believes or shows another is sure only where it was started again: what comes next relies on it.
    const atLeast: Cost = rotates(v.spec) ? 'api-server' : 'nothing';
    return costs.length > 0 ? [{ replica, cost: worst([...costs, atLeast]) }] : [];
  });
}

/**
 * Whose turn it is; undefined: nobody's, for now. Who is out of service already, or does not work, comes first: that costs nothing more.
 * Then those who do not lead etcd, whose leadership moves once.
 */
export function turn(v: View): Turn | undefined {
  const due = dueForChange(v);
  const { change } = v.spec;
  if (due.length === 0 || !isSettled(v)) return undefined;
  // All that is slow is done before anything stops.
  if (due.some(({ replica }) => replica.inside?.staged !== change!.id)) return undefined;
  const next = firstOf(v, due)!;
  return whyNot(v, next) ? undefined : next;
}

function firstOf(v: View, due: readonly Turn[]): Turn | undefined {
  return (
    due.find(({ replica }) => !isWhole(v, replica)) ??
    due.find(({ replica }) => !replica.member?.leader) ??
    due[0]
  );
}

/** Why nobody's turn comes although it is somebody's; undefined when all is well. */
export function whyNobody(v: View): Blocked | undefined {
  const due = dueForChange(v);
  const unseen = v.replicas.find(({ inside }) => !inside?.provisioned);
  if (unseen) return waitsFor(v, unseen);
  const next = firstOf(v, due);
  return next ? whyNot(v, next) : ill(v);
}

function ill(v: View): Blocked | undefined {
  const one = v.replicas.find((replica) => !isWhole(v, replica));
  return one && waitsFor(v, one);
}

/** What speaks against taking it out of service now. */
function whyNot(v: View, { replica, cost }: Turn): Blocked | undefined {
  const others = v.replicas.filter((other) => other !== replica);
  const other = others.find((each) => !isWhole(v, each));
  if (other) return waitsFor(v, other);
  if (cost !== 'etcd' || others.length === 0) return undefined;
  const without = withMember(v.observation, replica.name, { healthy: false });
  if (standing(without).hasQuorum) return undefined;
  return {
    message: `etcd on ${replica.name} has to start again, and without it there is no quorum: nobody could write meanwhile`,
    advice: { to: 'add a third replica first', command: 'add-replica', cluster: v.spec.name },
  };
}

function waitsFor({ spec }: View, { name }: Replica): Blocked {
  return {
    message: `the change of ${spec.name} waits until ${name} is well: no other replica is taken out of service before`,
    advice: [
      { to: 'start what has stopped', command: 'repair', cluster: spec.name },
      { to: 'or replace it', command: 'replace-replica', cluster: spec.name, replicas: [name] },
    ],
    passing: true,
  };
}

/** Serves, with all that it has to, to whom it has to. */
export function isWhole(v: View, replica: Replica): boolean {
  if (!isServing(replica) || replica.inside?.controllers !== 'running') return false;
  const { balancer } = v.observation;
  return (
    !wantsBalancer(v.spec) || (balancer?.targets.some((target) => target.replica === replica.name) ?? false)
  );
}

/** Nothing else is under way: nobody comes or goes, and the address is where it belongs. */
function isSettled(v: View): boolean {
  const { address } = v.observation;
  const holder = address?.holder;
  const there = wantsBalancer(v.spec)
    ? holder?.kind === 'balancer' && !address?.lost
    : holder?.kind === 'machine' && holder.name === v.spec.replicas[0]?.name;
  return (
    there &&
    v.orphans.length === 0 &&
    v.replicas.every((replica) => replica.member && !replica.member.learner)
  );
}

/** Clients are sent elsewhere before its API server stops. */
export function drains({ cost }: Turn): boolean {
  return COSTS.indexOf(cost) >= COSTS.indexOf('api-server');
}

/** The one that has the change and does not work: it is to be put back. */
export function toPutBack(
  v: View,
): { readonly replica: Replica; readonly change: ClusterChange } | undefined {
  const { change } = v.spec;
  if (!change?.back) return undefined;
  const replica = v.replicas.find(({ name }) => name === change.back);
  return replica?.inside?.provisioned && isOn(replica.inside, change) ? { replica, change } : undefined;
}

/** In whose hands a replica is now: nothing else is done to it. */
export function inHand(v: View): string | undefined {
  return (toPutBack(v)?.replica ?? turn(v)?.replica)?.name;
}

/**
 * The spec as it was before a change that has failed. Undefined where the change is not to be taken back: a replica works with it,
 * nobody can say whether one has it, or what was before cannot go on with etcd's data.
 */
export function takenBack(spec: ClusterSpec, o: Observation): ClusterSpec | undefined {
  const { change } = spec;
  // What was abandoned is not what anybody wants back.
  if (!change || change.back !== undefined || change.returns) return undefined;
  if (isPastReturn(spec, o)) return undefined;
  if (change.surge) return surgeTakenBack(spec, o, change.surge.name);
  const insides = spec.replicas.map(({ name }) => machineOf(o, name)?.inside);
  // One without a machine cannot have it: a newcomer is not made with what is not proven.
  if (spec.replicas.some(({ name }, index) => machineOf(o, name) && !insides[index])) return undefined;
  const have = spec.replicas.filter(
    ({ name }, index) =>
      insides[index]?.provisioned && (isOn(insides[index], change) || differencesOf(o, name).length === 0),
  );
  const [first, second] = have;
  if (second) return undefined;
  if (first && works(o, first.name)) return undefined;
  return { ...revised(spec, change.before), change: { ...change, back: first?.name ?? null } };
}

/**
 * Whether a step that has failed says nothing of what a change puts on the replicas: it is about nodes, about a replica that comes or
 * leaves, or what these need. A newcomer is made as the others were before, but for a successor, whose change it is.
 */
export function isBesideChange({ change }: ClusterSpec, step: Step): boolean {
  return !change?.surge && (isOfNodes(step) || COMING_OR_LEAVING.has(step.kind));
}

const COMING_OR_LEAVING: ReadonlySet<Step['kind']> = new Set<Step['kind']>([
  'ensure-network',
  'reserve-address',
  'create-machine',
  'provision',
  'add-learner',
  'start-etcd',
  'promote',
  'ensure-balancer',
  'fence',
  'remove-member',
  'delete-machine',
  'keep-addons',
]);

/** A successor that does not work leaves again, while its predecessor is there to go on. */
function surgeTakenBack(spec: ClusterSpec, o: Observation, before: string): ClusterSpec | undefined {
  const stays = o.etcd.members.find((member) => member.name === before);
  const [successor] = spec.replicas;
  if (!successor || works(o, successor.name) || !stays?.healthy) return undefined;
  return machineOf(o, before)?.inside ? withoutSurge(spec) : undefined;
}

/**
 * What a machine is made by now. A change that nobody is known to work with is not tried out on a newcomer, which would have nothing to go
 * back to: it is made as the others were before, and its turn comes with theirs.
 */
export function makingSpec(spec: ClusterSpec, o: Observation): ClusterSpec {
  const { change } = spec;
  if (!change || change.back !== undefined || change.returns || change.surge) return spec;
  // The old etcd is let into no cluster whose data are of the new minor, whoever works.
  if (isPastReturn(spec, o)) return spec;
  const have = spec.replicas.filter(({ name }) => machineOf(o, name)?.inside?.change === change.id);
  if (have.length > 1 || have.some(({ name }) => works(o, name))) return spec;
  const { change: _, ...before } = revised(spec, change.before);
  return before;
}

/**
 * The spec without a change that no replica has yet; undefined where there is none such. The way back of one that was abandoned stays:
 * some may have that.
 */
export function withoutUntried(spec: ClusterSpec, o: Observation): ClusterSpec | undefined {
  const { change } = spec;
  if (!change || change.back !== undefined || change.returns || change.surge) return undefined;
  if (spec.replicas.some(({ name }) => isOn(machineOf(o, name)?.inside, change))) return undefined;
  const { change: _, ...kept } = revised(spec, change.before);
  return kept;
}

function works(o: Observation, name: string): boolean {
  const inside = machineOf(o, name)?.inside;
  const member = o.etcd.members.find((each) => each.name === name);
  return inside?.apiServer === 'ready' && inside.controllers === 'running' && (member?.healthy ?? false);
}
