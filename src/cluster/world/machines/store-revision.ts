import { noteStoreRevision } from '../../../replicas/store-revision.ts';
import type { Session } from '../../../ssh/session.ts';
import type { Observation } from '../../model/observation.ts';
import type { ClusterMemory } from '../memory.ts';
import type { Tools } from '../tools.ts';
import type { Sessions } from './sessions.ts';

/**
 * The cluster itself notes what is put to work, before anything is: an older copy of the store is told by that. A machine that cannot
 * be told now is no reason to stop: the others know.
 * @throws the signal's reason when aborted.
 */
export async function noteOnMachines(
  { machines }: Pick<Observation, 'machines'>,
  {
    memory,
    sessions,
    signal,
  }: {
    readonly memory: Pick<ClusterMemory, 'revision'>;
    readonly sessions: Pick<Sessions, 'session'>;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const reached = machines.filter(({ inside }) => inside?.provisioned);
  await Promise.allSettled(
    reached.map(async ({ name }) =>
      noteStoreRevision(await sessions.session(name), memory.revision, { signal }),
    ),
  );
  signal.throwIfAborted();
}

/**
 * As {@link noteOnMachines}, on one that has just been changed. What it notes is sealed before, to go with the next backup: a store that is
 * rebuilt from that is no older copy, however this run ends.
 * @throws SshError, the signal's reason when aborted.
 */
export async function noteOnChanged(
  {
    memory,
    sealed,
    signal,
  }: Pick<Tools, 'sealed' | 'signal'> & { readonly memory: Pick<ClusterMemory, 'revision'> },
  session: Session,
): Promise<void> {
  // Steps beside this one may go on with the store meanwhile.
  const { revision } = memory;
  await sealed();
  await noteStoreRevision(session, revision, { signal });
}
