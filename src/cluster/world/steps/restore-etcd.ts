import { restoreEtcd as restoreOn } from '../../../replicas/backup/restore.ts';
import { bootstrapEtcd } from '../../../replicas/lifecycle/lifecycle.ts';
import { machineOf } from '../../model/observation.ts';
import { givenUpBy } from '../../plan/rescue.ts';
import type { Executor } from './executor.ts';

/** The wish is forgotten last: cut off anywhere before, the step is done again, and finds what is done already. */
export const restoreEtcd: Executor<'restore-etcd'> = async (t, { replica, backup }, progress) => {
  const session = await t.session(replica);
  const { internalIp } = machineOf(t.seen(), replica)!;
  const waiting = { signal: t.signal, progress };
  await restoreOn(session, { backup, name: replica, internalIp, uid: t.memory.spec.uid }, waiting);
  await bootstrapEtcd(session, { name: replica, internalIp }, waiting);
  const client = await t.etcd(replica);
  const members = await client.memberList({ linearizable: true, signal: t.signal });
  if (members.length !== 1) {
    throw new Error(`etcd of ${replica} lists ${members.map((m) => m.name).join(', ')}, not itself alone`);
  }
  await t.memory.updateSpec(({ rescue: _, ...spec }) => ({ ...spec, givenUp: givenUpBy(spec) }));
  // Backups are taken from now on: by one with the wish in it the cluster would be rescued once more.
  await t.sealed();
};
