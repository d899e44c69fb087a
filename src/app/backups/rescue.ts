import { type Backup, chosen, listBackups, rivalOf } from '../../backup/list.ts';
import { withRestic } from '../../backup/restic.ts';
import type { Change } from '../../cluster/loop/apply-change.ts';
import { InputError, Refusal } from '../../cluster/model/errors.ts';
import type { Observation } from '../../cluster/model/observation.ts';
import type { ClusterSpec } from '../../cluster/model/spec.ts';
import { type RescueBackup, rescued } from '../../cluster/plan/rescue.ts';
import { type LogEnd, revivable, survivorsOf } from '../../cluster/plan/survivors.ts';
import { repositoryAccess } from '../../cluster/world/backup.ts';
import { readLogEnd } from '../../replicas/lifecycle/rescue.ts';
import { newReplicaName } from '../../replicas/names.ts';
import { messageOf } from '../../util/failure.ts';
import { type ChangeOutcome, changed, type Environment, type OpenCluster } from '../operations.ts';

export interface RescueRequest {
  /** Of these the operator says that they stay away. */
  readonly fenced: readonly string[];
  /** Restored whoever survived; absent: the newest one, if nobody did. */
  readonly backup?: string | undefined;
  /** What is lost for ever may be given up. */
  readonly loses: boolean;
}

const READ_MS = 20_000;

/** Brings a lost quorum back: by starting what has stopped if that is enough, else from the survivor that has seen most. */
export function rescue(
  env: Environment,
  cluster: string,
  { fenced, backup: asked, loses }: RescueRequest,
  dryRun: boolean,
): Promise<ChangeOutcome> {
  const work = async (open: OpenCluster): Promise<ChangeOutcome> => {
    if (asked !== undefined) mustHaveBackups(open.world.spec(), asked);
    let givesUp = false;
    const change: Change = async (spec, observation) => {
      const survivors = survivorsOf(spec, observation, fenced);
      const ends = await readEnds(env, open, survivors);
      const needed = asked !== undefined || (survivors.length === 0 && !spec.rescue);
      const backup = needed && spec.backup ? await findBackup(env, open, asked) : undefined;
      const after = rescued(spec, observation, { fenced, ends, backup, nameOf: newReplicaName });
      givesUp = after.rescue !== undefined;
      if (!givesUp) sayStarting(env, revivable(spec, observation, fenced));
      return after;
    };
    const options = { mayBeUnfinished: true, policy: { revive: true } };
    if (dryRun || loses) return changed(env, open, change, { ...options, dryRun });
    const seen = await changed(env, open, change, { ...options, dryRun: true });
    if (givesUp) return seen;
    return changed(env, open, keepAll(change), { ...options, dryRun: false });
  };
  return env.locked(cluster, 'rescue', work);
}

/** Otherwise a survivor would be taken instead, and whoever else could have been would be deleted. */
function mustHaveBackups({ name, backup }: ClusterSpec, asked: string): void {
  if (backup) return;
  throw new InputError(
    `${name} has no backups any more, so that nobody knows where the backup ${asked} is; nothing was changed`,
    { advice: { to: 'take a survivor, if there is one: name no backup', command: 'rescue', cluster: name } },
  );
}

async function findBackup(
  env: Environment,
  { world, secrets }: OpenCluster,
  asked: string | undefined,
): Promise<RescueBackup> {
  const access = await repositoryAccess(world.spec(), secrets);
  const spec = world.spec();
  const backups = await withRestic(access, env, listBackups);
  const found = chosen(backups, asked, spec.uid, env.now());
  const { id, taken, by } = found;
  env.emit({ type: 'progress', topic: 'backup', message: `the backup ${id} was taken by ${by} at ${taken}` });
  const rival = asked === undefined ? rivalOf(backups, found) : undefined;
  if (rival) env.emit({ type: 'warning', message: mayBeNewer(rival, found) });
  return { id, taken, asked: asked !== undefined };
}

function mayBeNewer(rival: Backup, { id, etcdRevision }: Backup): string {
  const which = `the backup ${rival.id}, taken by ${rival.by} at ${rival.taken}`;
  return `${which}, may be newer than ${id}: it has etcd's revision ${rival.etcdRevision}, and that one ${etcdRevision}; name it to have it restored instead`;
}

/** What could be started a moment ago may be lost by now: nobody has agreed to that. */
function keepAll(change: Change): Change {
  return async (spec, observation: Observation) => {
    const after = await change(spec, observation);
    if (after.rescue && !spec.rescue) {
      throw new Refusal('a majority could come back a moment ago, and cannot any more; nothing was changed', {
        to: 'look again',
        command: 'rescue',
        cluster: spec.name,
      });
    }
    return after;
  };
}

function sayStarting({ emit }: Environment, names: readonly string[]): void {
  const message = `a majority can come back with ${names.join(', ')}: started, nothing else is done, and nothing is lost`;
  emit({ type: 'progress', topic: 'rescue', message });
}

/** Who cannot be read is no worse for that than by not being chosen. */
async function readEnds(
  { emit, signal, now }: Environment,
  { world }: OpenCluster,
  names: readonly string[],
): Promise<ReadonlyMap<string, LogEnd>> {
  const ends = await Promise.all(
    names.map(async (name): Promise<[string, LogEnd]> => {
      try {
        const session = await world.session(name, READ_MS);
        const { commit, secondsAgo } = await readLogEnd(session, { signal });
        return [name, { commit, writtenAt: now() - secondsAgo * 1000 }];
      } catch (error) {
        signal.throwIfAborted();
        const message = `could not read how far the log of ${name} goes: ${messageOf(error)}`;
        emit({ type: 'warning', message });
        return [name, { commit: null, writtenAt: null }];
      }
    }),
  );
  for (const [name, { commit }] of ends) {
    if (commit === null) continue;
    emit({ type: 'progress', topic: `log ${name}`, message: `${name}: its log goes to entry ${commit}` });
  }
  return new Map(ends);
}
