import type { Change } from '../cluster/loop/apply-change.ts';
import type { Emit } from '../cluster/loop/events.ts';
import { Refusal } from '../cluster/model/errors.ts';
import type { Deed, Duty, GuardMemory } from '../cluster/model/guard.ts';
import { isLost, machineOf, memberOf, type Observation } from '../cluster/model/observation.ts';
import { reprieved } from '../cluster/plan/rescue.ts';
import { withReplacements } from '../cluster/plan/spec-changes.ts';
import { statusOf } from '../cluster/plan/status.ts';
import { heardBy } from '../cluster/world/observe/members.ts';
import { clearNoSpace, defragmentAll } from '../etcd/upkeep.ts';
import { decide, type GuardOptions, told, type Verdict } from '../guard/decide.ts';
import type { Seen } from '../guard/metrics.ts';
import { withDeed } from '../guard/remember.ts';
import type { GuardAct } from '../guard/watch.ts';
import { newReplicaName } from '../replicas/names.ts';
import { QUOTA_BYTES } from '../replicas/units/etcd.ts';
import { BusyError } from '../state/errors.ts';
import { messageOf } from '../util/failure.ts';
import { backUpFirst, takeNow } from './backups/backup-parts.ts';
import { checkZones } from './check-zones.ts';
import { changed, type Environment, type OpenCluster } from './operations.ts';

export interface GuardRequest {
  readonly cluster: string;
  readonly may: readonly Duty[];
  /** How long a replica has to be dead before it is replaced. */
  readonly afterMs: number;
  /** The zones to which a replica may go whose own is out. */
  readonly elsewhere: readonly string[];
  readonly dryRun: boolean;
  /** Whether the outcome has what was seen, which takes a question to the API more. */
  readonly figures?: boolean;
  /** Of the look before, where it had any. */
  readonly unsaved?: Unsaved;
}

/** What looks have shown and the store has not been told. */
export interface Unsaved {
  readonly memory: GuardMemory;
  /** What the store had meanwhile: as soon as it has anything else, somebody else has looked, and this counts no more. */
  readonly stored: GuardMemory;
}

export interface GuardOutcome {
  /** What was done, or would be; null: nothing. */
  readonly deed: Deed | null;
  /** Why what is wrong is left as it is. */
  readonly waits: readonly string[];
  /** As it was before anything was done; null where it was not asked for. */
  readonly seen: Seen | null;
  /** For the next look; absent: the store has all that was seen. */
  readonly unsaved?: Unsaved;
}

/**
 * One look, and at most one deed. It looks without the lock, so that it is in nobody's way, and decides again under the lock before it does
 * or remembers anything.
 */
export async function guardOnce(env: Environment, request: GuardRequest): Promise<GuardOutcome> {
  const { act, waits, seen, ...first } = await env.looking(request.cluster, async (open) => {
    const stored = open.world.guard();
    const { unsaved } = request;
    const before = unsaved && isSame(stored, unsaved.stored) ? unsaved.memory : stored;
    const { observation, ...verdict } = await look(env, open, request, before);
    return { ...verdict, stored, seen: request.figures ? await figuresOf(env, open, observation) : null };
  });
  const unsaved: Unsaved = { memory: first.memory, stored: first.stored };
  if (request.dryRun) return { deed: act && deedOf(env, act), waits, seen, unsaved };
  if (act === null && isSame(first.memory, first.stored)) return { deed: null, waits, seen };
  const done = env.locked(request.cluster, 'guard', async (open): Promise<GuardOutcome> => {
    const known = open.world.guard();
    // What the first look has seen pass has passed, unless another guard has looked since.
    const before = isSame(known, first.stored) ? first.memory : known;
    const { act, waits, memory } = await look(env, open, request, before);
    await open.world.rememberGuard(memory);
    if (act === null) return { deed: null, waits, seen };
    const deed = await perform(env, open, act);
    await open.world.rememberGuard(withDeed(open.world.guard(), deed));
    return { deed, waits, seen };
  });
  return done.catch((error: unknown) => {
    // What was seen is as good as ever, and who is at work may be so for long.
    if (!(error instanceof BusyError)) throw error;
    return { deed: null, waits: [...waits, `another haup is at work: ${messageOf(error)}`], seen, unsaved };
  });
}

async function look(
  env: Environment,
  { world }: OpenCluster,
  { may, afterMs, elsewhere }: GuardRequest,
  before: GuardMemory,
): Promise<Verdict & { readonly observation: Observation }> {
  const options: GuardOptions = { may: new Set(may), afterMs, elsewhere };
  const observation = await world.observe();
  return { ...decide(world.spec(), observation, before, options, env.now()), observation };
}

function isSame(a: GuardMemory, b: GuardMemory): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

async function figuresOf(
  { now }: Environment,
  { world }: OpenCluster,
  observation: Observation,
): Promise<Seen> {
  const unanswered = await world.unanswered();
  const status = statusOf(world.spec(), observation, now(), unanswered);
  return { status, unanswered, databases: databasesOf(observation) };
}

/** What fails is remembered, not thrown: it is tried again, later each time. */
async function perform(env: Environment, open: OpenCluster, act: GuardAct): Promise<Deed> {
  const say = sayer(env.emit, act);
  say('begins');
  try {
    await hands[act.duty](env, open, act);
    say('done');
    return deedOf(env, act);
  } catch (error) {
    // What takes too long every time has to be tried again later each time, as all that fails.
    const isLate = isTimeout(env.signal.reason);
    if (!isLate) env.signal.throwIfAborted();
    const why = messageOf(isLate ? env.signal.reason : error);
    say('failed', why);
    return { ...deedOf(env, act), failed: why.slice(0, 500) };
  }
}

/** The command's time is over (see deadline()); nobody has stopped it, and its lock is still held. */
function isTimeout(reason: unknown): boolean {
  return reason instanceof DOMException && reason.name === 'TimeoutError';
}

function sayer(emit: Emit, act: GuardAct) {
  return (doing: 'begins' | 'done' | 'failed', why?: string): void =>
    emit({ type: 'guard', doing, what: why === undefined ? told(act) : `${told(act)}: ${why}` });
}

function deedOf({ now }: Environment, { duty, replica, reason }: GuardAct): Deed {
  return { at: now(), duty, replica, reason, failed: null };
}

function databasesOf({ etcd }: Observation): Seen['databases'] {
  return etcd.members.flatMap(({ name, database }) => (database ? [{ member: name, ...database }] : []));
}

type Hand = (env: Environment, open: OpenCluster, act: GuardAct) => Promise<unknown>;

/** Each duty is what an operator's command does. */
const hands: Readonly<Record<Duty, Hand>> = {
  'clear-nospace': clear,
  defragment,
  backup: (env, { world }) => takeNow(env, world),
  repair: (env, open) =>
    changed(env, open, reprieved, {
      dryRun: false,
      mayBeUnfinished: true,
      partly: true,
      policy: { revive: true, renew: {} },
    }),
  renew: (env, open) => changed(env, open, (spec) => spec, { dryRun: false, partly: true }),
  replace: async (env, open, { replica, moves }) => {
    // One that does not exist would be found out when the spec counts on it already.
    if (moves) await checkZones(open.provider, open.world.spec().region, Object.values(moves));
    const names = moves ? Object.keys(moves) : [replica!];
    // Whether there is room for as many machines more; the old ones go last.
    await open.provider.preflight(names.length);
    // Before anything is looked at for the last time: it may take minutes, in which somebody comes back.
    if (open.world.spec().backup) await backUpFirst(env, open.world, false);
    await mustBeSilent(env, open, names);
    const change: Change = (spec, observation) => {
      mustBeLost(observation, names);
      return withReplacements(spec, names, newReplicaName, moves);
    };
    return changed(env, open, change, { dryRun: false, withoutBackup: true });
  },
};

/** @throws Refusal */
function mustBeLost(observation: Observation, names: readonly string[]): void {
  const back = names.filter((name) => {
    const member = memberOf(observation, name);
    return member !== undefined && !isLost(member);
  });
  if (back.length === 0) return;
  throw new Refusal(`${back.join(', ')} has come back: nothing was changed`, []);
}

/**
 * A machine that the cloud lists no more is either gone, or somebody has only taken the labels away that it is found by: then it works, and
 * etcd's leader hears of it. @throws Refusal
 */
async function mustBeSilent(
  { signal }: Environment,
  { world }: OpenCluster,
  names: readonly string[],
): Promise<void> {
  const observation = await world.observe();
  const unlisted = names.filter((name) => !machineOf(observation, name));
  const members = unlisted.flatMap((name) => memberOf(observation, name) ?? []);
  if (members.length === 0) return;
  const leader = observation.etcd.members.find((member) => member.leader);
  const heard = leader ? await heardBy(await world.etcd(leader.name), members, { signal }) : members;
  if (heard.length === 0) return;
  throw new Refusal(
    `the cloud does not list the machine of ${heard.map(({ name }) => name).join(', ')}, but nothing says that it is dead: etcd's leader hears of it, or cannot be asked`,
    'see whether somebody has changed the labels or tags that haup finds its machines by',
  );
}

async function clear(env: Environment, open: OpenCluster): Promise<void> {
  await clearNoSpace({ ...(await upkeepOf(env, open)), quotaBytes: QUOTA_BYTES });
}

async function defragment(env: Environment, open: OpenCluster): Promise<void> {
  await defragmentAll(await upkeepOf(env, open));
}

async function upkeepOf({ signal, emit }: Environment, { world }: OpenCluster) {
  const { etcd } = await world.observe();
  // etcd compacts and defragments no learner.
  const voters = etcd.members.filter(({ learner }) => !learner);
  const leaderLast = voters.sort((a, b) => Number(a.leader) - Number(b.leader));
  return {
    members: await Promise.all(leaderLast.map(({ name }) => world.etcd(name))),
    signal,
    progress: (message: string) => emit({ type: 'progress', topic: 'guard', message }),
  };
}
