import type { EtcdClient } from '../../../etcd/client.ts';
import {
  addLearner as addLearnerTo,
  moveLeader as moveLeaderTo,
  promote as promoteIn,
  remove as removeFrom,
} from '../../../etcd/membership.ts';
import { BEHIND } from '../../../etcd/observe.ts';
import type { EtcdStatus } from '../../../etcd/wire.ts';
import {
  bootstrapEtcd,
  restartEtcd as restartEtcdOn,
  startEtcd as startEtcdOn,
} from '../../../replicas/lifecycle.ts';
import { systemClock } from '../../../util/clock.ts';
import { GiveUp, waitFor } from '../../../util/wait.ts';
import { machineOf } from '../../model/observation.ts';
import { type Progress, type Tools, voterToAsk } from './tools.ts';

/** A learner with an empty disk catches up in a second; one that needs longer than this will not. */
const CATCH_UP_MS = 60_000;
/** One that has nothing to say for so long is given up earlier. */
const SILENT_MS = 15_000;

export async function bootstrap(t: Tools, replica: string, progress: Progress): Promise<void> {
  const session = await t.session(replica);
  const { internalIp } = machineOf(t.seen(), replica)!;
  await bootstrapEtcd(session, { name: replica, internalIp }, { signal: t.signal, progress });
  await t.memory.updateSpec((spec) => ({ ...spec, bootstrapped: true }));
}

export async function addLearner(t: Tools, replica: string, progress: Progress): Promise<void> {
  const { name } = voterToAsk(t.seen());
  await addLearnerTo(await t.etcd(name), peerUrl(t, replica), { signal: t.signal, progress });
}

export async function startEtcd(t: Tools, replica: string, progress: Progress): Promise<void> {
  const session = await t.session(replica);
  const { name } = voterToAsk(t.seen(), replica);
  const members = await (await t.etcd(name)).memberList({ linearizable: true, signal: t.signal });
  const own = peerUrl(t, replica);
  const member = members.find((m) => m.peerUrls.includes(own));
  if (!member) throw new Error(`etcd does not list ${replica} any more`);
  const initialCluster = members.map((m) => ({
    name: nameOf(t, m.name, m.peerUrls),
    peerUrl: m.peerUrls[0] ?? '',
  }));
  await startEtcdOn(
    session,
    { name: replica, memberId: member.id, initialCluster },
    { signal: t.signal, progress },
  );
}

export async function restartEtcd(t: Tools, replica: string, progress: Progress): Promise<void> {
  await restartEtcdOn(await t.session(replica), { signal: t.signal, progress });
}

/** A learner that does not catch up in time is removed, so that it stands in nobody's way: repair lets it join anew. */
export async function promote(t: Tools, replica: string, progress: Progress): Promise<void> {
  const client = await t.etcd(voterToAsk(t.seen()).name);
  const { id } = t.seen().etcd.members.find((m) => m.name === replica)!;
  try {
    await caughtUp(t, client, replica, progress);
  } catch (error) {
    if (t.signal.aborted) throw error;
    const members = await client.memberList({ linearizable: true, signal: t.signal });
    // An earlier run's request may have come through by now.
    if (!members.find((m) => m.id === id)?.isLearner) throw error;
    await removeFrom(client, id, { signal: t.signal, progress });
    throw new Error(
      `${replica} did not catch up and was taken out of etcd again: ${error instanceof Error ? error.message : error}`,
      { cause: error },
    );
  }
  // From here on it may be a voter, whatever the reply says or does not say: nothing is taken out any more.
  await promoteIn(client, id, { signal: t.signal, progress });
}

/**
 * By the learner's own word. etcd itself promotes a learner that died after it had caught up once: of one voter it makes
 * two of which one is dead, and the quorum is lost.
 * @throws TimeoutError, or what kept it from answering
 */
async function caughtUp(t: Tools, voter: EtcdClient, replica: string, progress: Progress): Promise<void> {
  const call = { timeoutMs: 2_000, signal: t.signal };
  const began = systemClock.now();
  let answered = began;
  progress('waiting for it to catch up');
  await waitFor(
    async () => {
      const lead = await voter.status(call);
      const own = await t
        .etcd(replica)
        .then((learner) => learner.status(call))
        .catch((error: unknown) => error);
      if (own instanceof Error) {
        t.signal.throwIfAborted();
        throw systemClock.now() - answered > SILENT_MS ? new GiveUp(own) : own;
      }
      answered = systemClock.now();
      const { leader, raftAppliedIndex } = own as EtcdStatus;
      const near = lead.raftIndex - raftAppliedIndex <= BEHIND;
      return (leader !== '0' && leader === lead.leader && near) || undefined;
    },
    { what: `${replica} to catch up`, timeoutMs: CATCH_UP_MS, signal: t.signal },
  );
}

export async function moveLeader(t: Tools, from: string, to: string): Promise<void> {
  const { id } = t.seen().etcd.members.find((m) => m.name === to)!;
  await moveLeaderTo(await t.etcd(from), id, { signal: t.signal });
}

/** Asked of another member where there is one: the leaver's own answer may be lost with it. */
export async function removeMember(t: Tools, replica: string, id: string, progress: Progress): Promise<void> {
  const client = await t.etcd(voterToAsk(t.seen(), replica).name);
  await removeFrom(client, id, { signal: t.signal, progress });
}

function peerUrl(t: Tools, replica: string): string {
  return `https://${machineOf(t.seen(), replica)!.internalIp}:2380`;
}

/** A member that has not started has no name yet; its peer address says whose it is. */
function nameOf(t: Tools, name: string, peerUrls: readonly string[]): string {
  if (name) return name;
  const owner = t.seen().machines.find((m) => peerUrls.includes(`https://${m.internalIp}:2380`));
  return owner?.name ?? peerUrls.join('-').replace(/[^a-z0-9]+/g, '-');
}
