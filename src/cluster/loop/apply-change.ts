import type { Interruption } from '../../providers/provider.ts';
import type { Remedy } from '../../util/remedy.ts';
import { Refusal } from '../model/errors.ts';
import type { Observation } from '../model/observation.ts';
import { type ClusterSpec, wanted, wantedNode } from '../model/spec.ts';
import { backupFirst } from '../plan/backup-first.ts';
import type { Policy } from '../plan/decision.ts';
import { next } from '../plan/next.ts';
import { makePlan, type Plan } from '../plan/plan.ts';
import { withoutUntried } from '../plan/roll.ts';
import { whyOldStore } from '../plan/rules/old-store.ts';
import { isOfNodes, replicaOf, type Step, stillToDo } from '../plan/step.ts';
import type { ConvergeOptions, World } from './converge.ts';
import { convergeOrGoBack } from './way-back.ts';

/** A world whose spec can be changed; the save is atomic, durable and refuses to overwrite somebody else's. */
export interface ChangeableWorld extends World {
  save(spec: ClusterSpec): Promise<void>;
  interruption(spec: ClusterSpec): Interruption;
  /** What each replica would be by another spec than the stored one. */
  wantedBy(spec: ClusterSpec): Promise<Observation['wanted']>;
}

/** What a command makes of the spec; throws what speaks against it. */
export type Change = (spec: ClusterSpec, observation: Observation) => ClusterSpec | Promise<ClusterSpec>;

export interface ChangeOptions extends ConvergeOptions {
  readonly dryRun: boolean;
  /** `repair` and `delete` are the way out of an unfinished change; nothing else is piled on top of one. */
  readonly mayBeUnfinished?: boolean;
  /** Do what is safe even if the whole cannot be done (`repair`): the rest is refused at the end. */
  readonly partly?: boolean;
  /** Runs when the plan is sure to be begun, before anything is remembered or changed. */
  readonly first?: (plan: Plan) => Promise<void>;
  /** Also by an older copy of the store, which does not know all that there is (`delete`). */
  readonly byOldStore?: boolean;
  /** No backup goes before it, whatever it changes. */
  readonly withoutBackup?: boolean;
  /** Nodes that it lets go. Where they have been let go before, and that is unfinished, it goes on with that, and drains them as it is told. */
  readonly letsGo?: readonly string[];
}

export interface ChangeResult {
  readonly plan: Plan;
  readonly executed: boolean;
  /** After the change; before it in a dry run. */
  readonly observation: Observation;
}

/**
 * The shape of every command that changes something: look, decide what should be, plan the whole way there, refuse what
 * is not safe while nothing has happened yet, remember what should be, go.
 */
export async function applyChange(
  world: ChangeableWorld,
  change: Change,
  options: ChangeOptions,
): Promise<ChangeResult> {
  const observation = await world.observe();
  const before = world.spec();
  if (!options.byOldStore) refuseOldStore(before, observation);
  const unfinished = options.mayBeUnfinished ? undefined : whatIsUnfinished(before, observation);
  if (unfinished && !isAmendable(unfinished)) throw unfinished.refusal;

  const settled = unfinished && withoutUntried(before, observation);
  const after = await change(settled ?? before, observation);
  const amendment = { before: settled ?? before, after, letsGo: options.letsGo ?? [] };
  if (unfinished && !isAmended(unfinished, amendment)) throw unfinished.refusal;
  // Who stays and cannot be seen may have the change that would be given up.
  if (unfinished && settled && after.replicas.some(isUnseen(observation))) throw unfinished.refusal;
  // Nodes that are stuck would end it before its time.
  const apart = unfinished !== undefined && unfinished.nodes.length > 0 && isOfMasters(amendment);
  const policy: Policy | undefined = apart
    ? { revive: false, ...options.policy, withoutNodes: true }
    : options.policy;
  const made = makePlan(after, await asWantedBy(world, after, before, observation), {
    interruption: world.interruption(after),
    ...(policy ? { policy } : {}),
  });
  const wish = { backup: before.backup, rescue: after.rescue };
  const plan = { ...made, backupFirst: options.withoutBackup ? null : backupFirst(wish, made) };
  // A change that is stuck may be amended by one that gets it unstuck: the replica in its way is replaced.
  if (unfinished && plan.blocked.length > 0) throw unfinished.refusal;
  if (settled) options.emit({ type: 'warning', message: GIVEN_UP });
  if (apart) {
    const message = `the nodes are left as they are, also what is unfinished of them: ${unfinished.nodes[0]}`;
    options.emit({ type: 'warning', message });
  }
  options.emit({ type: 'plan', plan });
  if (options.dryRun) return { plan, executed: false, observation };
  const [blocked] = plan.blocked;
  if (blocked && !options.partly) throw new Refusal(blocked.message, blocked.advice);

  await options.first?.(plan);
  if (after !== before) await world.save(after);
  const how = policy ? { ...options, policy } : options;
  return { plan, executed: true, observation: await convergeOrGoBack(world, how) };
}

/** Before anything is saved: a save would make it pass for the newest. @throws Refusal */
function refuseOldStore(spec: ClusterSpec, observation: Observation): void {
  const old = spec.deleting ? undefined : whyOldStore(spec, observation);
  if (old) throw new Refusal(old.message, old.advice);
}

/** A change of the replicas is planned from what it wants of them. */
async function asWantedBy(
  world: ChangeableWorld,
  after: ClusterSpec,
  before: ClusterSpec,
  observation: Observation,
): Promise<Observation> {
  if (after.change === before.change) return observation;
  return { ...observation, wanted: await world.wantedBy(after) };
}

const GIVEN_UP =
  'the change of the replicas that was under way, and that none of them has yet, is given up by this: ask for it again afterwards';

function isUnseen(o: Observation): (replica: { readonly name: string }) => boolean {
  return ({ name }) => o.machines.some((machine) => machine.name === name && !machine.inside);
}

interface Unfinished {
  readonly refusal: Refusal;
  /** What a repair would do next; null when nothing but that can go on: a deletion, and a rescue, which counts on its survivor. */
  readonly steps: readonly Step[] | null;
  /** What of it is the nodes' alone, as sentences. */
  readonly nodes: readonly string[];
}

interface Amendment {
  readonly before: ClusterSpec;
  readonly after: ClusterSpec;
  readonly letsGo: readonly string[];
}

/** Only what single replicas and nodes hold up can be helped by a change: one that takes those out, or has nothing to do with them. */
function isAmendable({ steps }: Unfinished): boolean {
  return steps?.every((step) => replicaOf(step) !== null || isOfNodes(step)) ?? false;
}

/**
 * Nothing that is still to do is about a replica or a node that stays. One that works is what a change by a successor goes back to: that one
 * does not help. Of the masters' changes nodes hold up none.
 */
function isAmended({ steps }: Unfinished, amendment: Amendment): boolean {
  const { after } = amendment;
  if (after.change?.surge) return false;
  return (steps ?? []).every((step) => {
    if (isOfNodes(step)) return isOfMasters(amendment) || isLetGo(step, amendment);
    const replica = replicaOf(step);
    return replica === null || !wanted(after, replica);
  });
}

/** By this change, or by one of before that it goes on with. One that is on its way out is no reason to let others go. */
function isLetGo(step: Step, { before, after, letsGo }: Amendment): boolean {
  if (step.kind === 'set-service-nodes') return letsGo.length > 0;
  if (!('node' in step) || wantedNode(after, step.node)) return false;
  return wantedNode(before, step.node) !== undefined || letsGo.includes(step.node);
}

/** It has other replicas, and everything else as it was. */
function isOfMasters({ before, after }: Amendment): boolean {
  const names = ({ replicas }: ClusterSpec) => replicas.map(({ name }) => name).join();
  const rest = ({ replicas: _, usedNames: __, ...others }: ClusterSpec) => JSON.stringify(others);
  return names(before) !== names(after) && rest(before) === rest(after);
}

function whatIsUnfinished(spec: ClusterSpec, observation: Observation): Unfinished | undefined {
  if (spec.deleting) {
    const wayOn: Remedy = { to: 'finish that', command: 'delete', cluster: spec.name };
    return { refusal: new Refusal(`${spec.name} is being deleted`, wayOn), steps: null, nodes: [] };
  }
  const { steps, blocked } = next(spec, observation);
  const open = [...steps.map(stillToDo), ...blocked.map(({ message }) => message)];
  if (open.length === 0) return undefined;
  const refusal = new Refusal(
    `${spec.name} has an unfinished change: ${open.slice(0, 3).join('; ')}${open.length > 3 ? '; …' : ''}`,
    [
      { to: 'finish it first', command: 'repair', cluster: spec.name },
      {
        to: 'or settle for what is there',
        command: 'repair',
        cluster: spec.name,
        switches: ['abandon'],
      },
    ],
  );
  const { blocked: others } = next(spec, observation, { revive: false, withoutNodes: true });
  const isOthers = (message: string) => others.some((other) => other.message === message);
  const nodes = [
    ...steps.filter(isOfNodes).map(stillToDo),
    ...blocked.flatMap(({ message }) => (isOthers(message) ? [] : [message])),
  ];
  return { refusal, steps: spec.rescue ? null : steps, nodes };
}
