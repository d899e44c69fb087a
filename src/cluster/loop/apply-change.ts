import type { Interruption } from '../../providers/provider.ts';
import type { Remedy } from '../../util/remedy.ts';
import { Refusal } from '../model/errors.ts';
import type { Observation } from '../model/observation.ts';
import { type ClusterSpec, wanted } from '../model/spec.ts';
import { backupFirst } from '../plan/backup-first.ts';
import { next } from '../plan/next.ts';
import { makePlan, type Plan } from '../plan/plan.ts';
import { withoutUntried } from '../plan/roll.ts';
import { replicaOf, type Step, stillToDo } from '../plan/step.ts';
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
  /** No backup goes before it, whatever it changes. */
  readonly withoutBackup?: boolean;
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
  const unfinished = options.mayBeUnfinished ? undefined : whatIsUnfinished(before, observation);
  if (unfinished && !isAmendable(unfinished)) throw unfinished.refusal;

  const settled = unfinished && withoutUntried(before, observation);
  const after = await change(settled ?? before, observation);
  if (unfinished && !isAmended(unfinished, after)) throw unfinished.refusal;
  // Who stays and cannot be seen may have the change that would be given up.
  if (unfinished && settled && after.replicas.some(isUnseen(observation))) throw unfinished.refusal;
  const made = makePlan(after, await asWantedBy(world, after, before, observation), {
    interruption: world.interruption(after),
    ...(options.policy ? { policy: options.policy } : {}),
  });
  const wish = { backup: before.backup, rescue: after.rescue };
  const plan = { ...made, backupFirst: options.withoutBackup ? null : backupFirst(wish, made) };
  // A change that is stuck may be amended by one that gets it unstuck: the replica in its way is replaced.
  if (unfinished && plan.blocked.length > 0) throw unfinished.refusal;
  if (settled) options.emit({ type: 'warning', message: GIVEN_UP });
  options.emit({ type: 'plan', plan });
  if (options.dryRun) return { plan, executed: false, observation };
  const [blocked] = plan.blocked;
  if (blocked && !options.partly) throw new Refusal(blocked.message, blocked.advice);

  await options.first?.(plan);
  if (after !== before) await world.save(after);
  return { plan, executed: true, observation: await convergeOrGoBack(world, options) };
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
}

/** Only what a single replica holds up can be helped by a change: one that takes that replica out. */
function isAmendable({ steps }: Unfinished): boolean {
  return steps?.every((step) => replicaOf(step) !== null) ?? false;
}

/**
 * Nothing that is still to do is about a replica that stays. One that works is what a change by a successor goes back to: that one does not help.
 */
function isAmended({ steps }: Unfinished, after: ClusterSpec): boolean {
  if (after.change?.surge) return false;
  return (steps ?? []).every((step) => {
    const replica = replicaOf(step);
    return replica === null || !wanted(after, replica);
  });
}

function whatIsUnfinished(spec: ClusterSpec, observation: Observation): Unfinished | undefined {
  if (spec.deleting) {
    const wayOn: Remedy = { to: 'finish that', command: 'delete', cluster: spec.name };
    return { refusal: new Refusal(`${spec.name} is being deleted`, wayOn), steps: null };
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
  return { refusal, steps: spec.rescue ? null : steps };
}
