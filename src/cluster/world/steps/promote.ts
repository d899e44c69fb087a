import type { EtcdClient } from '../../../etcd/client.ts';
import { promote as promoteIn, remove as removeFrom } from '../../../etcd/membership.ts';
import { BEHIND } from '../../../etcd/observe.ts';
import type { EtcdStatus } from '../../../etcd/wire.ts';
import { systemClock } from '../../../util/clock.ts';
import { GiveUp, waitFor } from '../../../util/wait.ts';
import { type Progress, type Tools, voterToAsk } from '../tools.ts';
import type { Executor } from './executor.ts';

/** A learner with an empty disk catches up in a second; one that needs longer than this will not. */
const CATCH_UP_MS = 60_000;
/** One that has nothing to say for so long is given up earlier. */
const SILENT_MS = 15_000;

/** A learner that does not catch up in time is removed, so that it stands in nobody's way: repair lets it join anew. */
export const promote: Executor<'promote'> = async (t, { replica }, progress) => {
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
};

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
