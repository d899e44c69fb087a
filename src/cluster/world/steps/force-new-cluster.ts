import { forceNewCluster as forceOn } from '../../../replicas/lifecycle/rescue.ts';
import { givenUpBy } from '../../plan/rescue.ts';
import type { Executor } from './executor.ts';

/** The wish is forgotten last: cut off anywhere before, the step is done again, and finds what is done already. */
export const forceNewCluster: Executor<'force-new-cluster'> = async (t, { replica }, progress) => {
  const session = await t.session(replica);
  // No name is given twice: their number tells one rescue from the next.
  await forceOn(session, t.memory.spec.usedNames.length, { signal: t.signal, progress });
  const client = await t.etcd(replica);
  const members = await client.memberList({ linearizable: true, signal: t.signal });
  if (members.length !== 1) {
    throw new Error(
      `etcd of ${replica} lists ${members.map(({ name }) => name).join(', ')}, not itself alone`,
    );
  }
  await t.memory.updateSpec(({ rescue: _, ...spec }) => ({ ...spec, givenUp: givenUpBy(spec) }));
  // Backups are taken from now on: by one with the wish in it the cluster would be rescued once more.
  await t.sealed();
};
