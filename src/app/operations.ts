import { readImageArchive } from '../artifacts/images/read.ts';
import { applyChange, type Change, type ChangeOptions } from '../cluster/loop/apply-change.ts';
import type { Emit } from '../cluster/loop/events.ts';
import { StepError } from '../cluster/model/errors.ts';
import type { ClusterSpec } from '../cluster/model/spec.ts';
import type { Policy } from '../cluster/plan/decision.ts';
import { diagnoseNewcomer } from '../cluster/plan/health.ts';
import { cordonedStayers } from '../cluster/plan/nodes/settled-nodes.ts';
import type { Plan } from '../cluster/plan/plan.ts';
import { reprieved } from '../cluster/plan/rescue.ts';
import {
  abandoned,
  type Removal,
  withoutReplicas,
  withReplacements,
  withReplicas,
} from '../cluster/plan/spec-changes.ts';
import { type Status, statusOf } from '../cluster/plan/status.ts';
import { addonSecrets } from '../cluster/world/config/addons.ts';
import type { RealWorld } from '../cluster/world/world.ts';
import { BACKDATING_MS } from '../pki/due.ts';
import type { ClusterIdentity, Provider } from '../providers/provider.ts';
import { newReplicaName } from '../replicas/names.ts';
import type { Secrets } from '../state/store.ts';
import { withDeadline } from '../util/deadline.ts';
import { rfc3339 } from '../util/text/rfc3339.ts';
import { unlessAborted } from '../util/unless-aborted.ts';
import type { Variables } from '../util/variables.ts';
import { waitFor } from '../util/wait.ts';
import { type BackupWish, backUpFirst, preparedBackups, withBackups } from './backups/backup-parts.ts';
import { checkZones } from './check-zones.ts';
import { keepHome, withHome } from './home.ts';
import { type NewCluster, newSpec } from './new-cluster.ts';
import { readMeanwhile } from './read-meanwhile.ts';

/** An opened cluster: its world, with everything that has to be closed after it. */
export interface OpenCluster {
  readonly world: RealWorld;
  readonly provider: Provider;
  readonly secrets: Secrets;
  /** Gets the programs of these versions, where it is the operator's haup that has them. */
  fetch(versions: Pick<ClusterSpec, 'kubernetesVersion' | 'etcdVersion'>): Promise<void>;
  /** Gets what nodes need on this host, programs and images; once. @throws ArtifactError */
  supplies(): Promise<unknown>;
}

export interface Environment {
  readonly emit: Emit;
  readonly signal: AbortSignal;
  readonly now: () => number;
  /** As in the engine's options. */
  readonly reads: boolean;
  readonly environment: Variables;
  /** The file of the operator's key; null: none was named. */
  readonly identity: string | null;
  /** Clusters in the store, by name. */
  names(): Promise<readonly string[]>;
  /** What one of them should be; null: there is none of that name. */
  specOf(cluster: string): Promise<ClusterSpec | null>;
  /**
   * Runs `work` on a cluster under its lock, named as `doing`; `machines`: how many it makes, for which there must be room.
   * @throws NotFoundError, BusyError, StoreError
   */
  locked<T>(
    cluster: string,
    doing: string,
    work: (open: OpenCluster) => Promise<T>,
    machines?: number,
  ): Promise<T>;
  /** Without the lock: for looking only. */
  looking<T>(cluster: string, work: (open: OpenCluster) => Promise<T>): Promise<T>;
  /** Runs `work` on a new cluster; the store holds it and its first `secrets` from `world.save` on. @throws InputError when it exists. */
  creating<T>(
    spec: ClusterSpec,
    secrets: Readonly<Record<string, string>>,
    dryRun: boolean,
    work: (open: OpenCluster) => Promise<T>,
  ): Promise<T>;
  /** Forgets a cluster of which nothing is left. */
  forget(cluster: string): Promise<void>;
}

/** What a changing command did, or would do. */
export interface ChangeOutcome {
  readonly plan: Plan;
  readonly executed: boolean;
  /** Afterwards; null when the cluster is gone, or nothing was executed. */
  readonly status: Status | null;
  readonly seconds: number;
}

/** An API server that has just been started again may be busy. */
const ANSWER_MS = 30_000;
/** For keys that go with backups, after a failure. */
const SEAL_MS = 10_000;

export async function createCluster(
  env: Environment,
  request: NewCluster,
  wish: BackupWish | undefined,
  dryRun: boolean,
): Promise<ChangeOutcome> {
  const empty = newSpec(request);
  const spec = wish ? withBackups(empty, wish) : empty;
  // What is no archive is refused before anything is made of it.
  await Promise.all(spec.images.map((path) => readImageArchive(path)));
  const secrets = {
    ...(request.addons.length > 0 ? addonSecrets(request.addons) : {}),
    ...(wish ? await preparedBackups(env, spec.name, wish, dryRun) : {}),
  };
  return env.creating(spec, secrets, dryRun, async (open) => {
    await checkZones(open.provider, spec.region, [...request.zones, ...request.nodeZones]);
    // A spec of its own identity is saved even though nothing in it changes: from here on the cluster exists.
    const change: Change = (so) => withHome(open.provider, { ...so });
    return changed(env, open, change, { dryRun, mayBeUnfinished: true });
  });
}

export function addReplicas(
  env: Environment,
  cluster: string,
  zones: readonly string[],
  dryRun: boolean,
): Promise<ChangeOutcome> {
  const work = async (open: OpenCluster) => {
    await checkZones(open.provider, open.world.spec().region, zones);
    return changed(env, open, (spec) => withReplicas(spec, zones, newReplicaName), { dryRun });
  };
  return env.locked(cluster, 'add-replica', work, zones.length);
}

export function removeReplicas(
  env: Environment,
  cluster: string,
  removal: Removal,
  dryRun: boolean,
): Promise<ChangeOutcome> {
  const change: Change = (spec, observation) => withoutReplicas(spec, observation, removal);
  return env.locked(cluster, 'remove-replica', (open) => changed(env, open, change, { dryRun }));
}

/** Says what is wrong with each before it is replaced. */
export function replaceReplicas(
  env: Environment,
  cluster: string,
  names: readonly string[],
  dryRun: boolean,
): Promise<ChangeOutcome> {
  const change: Change = (spec, observation) => {
    const next = withReplacements(spec, names, newReplicaName);
    for (const name of names) {
      const healthy = 'it is healthy; its successor joins before it leaves';
      const diagnosis = diagnoseNewcomer(observation, name) ?? healthy;
      env.emit({ type: 'progress', topic: `diagnosis ${name}`, message: `${name}: ${diagnosis}` });
    }
    return next;
  };
  const work = (open: OpenCluster) => changed(env, open, change, { dryRun });
  return env.locked(cluster, 'replace-replica', work, names.length);
}

export function repair(
  env: Environment,
  cluster: string,
  abandon: boolean,
  dryRun: boolean,
): Promise<ChangeOutcome> {
  const change: Change = (spec, observation) => {
    if (!abandon) return reprieved(spec, observation);
    const settled = abandoned(spec, observation);
    for (const name of cordonedStayers(spec, settled, observation))
      env.emit({
        type: 'warning',
        message: `${name} stays, and is cordoned by the drain that was begun: \`kubectl uncordon ${name}\` lets pods come to it again`,
      });
    return settled;
  };
  return env.locked(cluster, abandon ? 'repair --abandon' : 'repair', (open) =>
    changed(env, open, change, {
      dryRun,
      mayBeUnfinished: true,
      partly: true,
      policy: { revive: true, renew: {}, addons: true },
    }),
  );
}

/** New certificates for all replicas and nodes, or for those whose certificates are due. Neither etcd nor the API is needed for it. */
export function renew(
  env: Environment,
  cluster: string,
  all: boolean,
  dryRun: boolean,
): Promise<ChangeOutcome> {
  // The first second of a certificate's life is a little before it is made: see pki/validity.ts.
  const begunBefore = rfc3339(env.now() - BACKDATING_MS);
  const policy = { revive: false, renew: all ? { begunBefore } : {} };
  return env.locked(cluster, 'renew', (open) =>
    changed(env, open, (spec) => spec, { dryRun, partly: true, policy }),
  );
}

export function deleteCluster(env: Environment, cluster: string, dryRun: boolean): Promise<ChangeOutcome> {
  return env.locked(cluster, 'delete', (open) =>
    changed(env, open, (spec) => ({ ...spec, deleting: true }), {
      dryRun,
      mayBeUnfinished: true,
      byOldStore: true,
    }),
  );
}

export function identityOf({ name, uid, region, zone, apiPort }: ClusterSpec): ClusterIdentity {
  return { name, uid, region, zone, apiPort };
}

export interface ChangedOptions extends Omit<ChangeOptions, 'emit' | 'signal' | 'first'> {
  /** Puts into the store what goes with the spec that is saved next: a change that is refused leaves it as it was. */
  readonly remember?: () => Promise<void>;
}

export async function changed(
  env: Environment,
  open: OpenCluster,
  change: Change,
  { remember, ...options }: ChangedOptions,
): Promise<ChangeOutcome> {
  const { world } = open;
  const began = env.now();
  let steps = 0;
  let begun = false;
  const emit: Emit = (event) => {
    if (event.type === 'step-finished') steps += 1;
    env.emit(event);
  };
  // Whoever changes a cluster finds it with certificates that last.
  const policy: Policy = { revive: false, renew: {}, ...options.policy };
  // What was begun is finished whether or not there is one more backup.
  const mayGoWithout = options.mayBeUnfinished || options.partly;
  const first = async ({ backupFirst }: Plan) => {
    if (backupFirst) await backUpFirst(env, world, backupFirst === 'needed' && !mayGoWithout);
    await remember?.();
    begun = true;
  };
  const reader = env.reads && !options.dryRun ? readMeanwhile(world, env) : null;
  // A rotation changes keys on the way, and a machine that was provisioned has a host key of its own.
  const sealed = async () => {
    if (begun && !world.spec().deleting) await world.sealed();
  };
  const result = await applyChange(world, change, { ...options, first, policy, emit, signal: env.signal })
    .catch(async (error: unknown) => {
      // Backups go on. Whoever is out of reach may be why it failed: nobody waits for that again.
      await withDeadline(SEAL_MS, env.signal, (limit) => unlessAborted(limit, sealed)).catch(() => {});
      throw error;
    })
    .finally(() => reader?.stop());
  if (result.executed && !world.spec().deleting) await keepHome(env, open, result.observation);
  await sealed();
  if (result.executed) env.emit({ type: 'cost', steps, commands: world.commands() });
  const spec = world.spec();
  const gone = result.executed && spec.deleting;
  if (result.executed && !gone) await expectAnswer(world, env.signal);
  if (gone) await env.forget(spec.name);
  return {
    plan: result.plan,
    executed: result.executed,
    status: result.executed && !gone ? statusOf(spec, result.observation, env.now()) : null,
    seconds: (env.now() - began) / 1000,
  };
}

/**
 * Also what an earlier run had moved and not seen through is proven here: no command ends well while clients are not
 * answered.
 */
async function expectAnswer(world: RealWorld, signal: AbortSignal): Promise<void> {
  const { name } = world.spec();
  const ask = async (): Promise<true> => {
    const reason = await world.unanswered();
    if (reason) throw new Error(reason);
    return true;
  };
  await waitFor(ask, { what: 'the API at its address', timeoutMs: ANSWER_MS, signal }).catch((cause) => {
    signal.throwIfAborted();
    throw new StepError('reach the API, although every step is done', cause, {
      to: 'look',
      command: 'status',
      cluster: name,
    });
  });
}
