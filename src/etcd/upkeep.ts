import { waitFor } from '../util/wait.ts';
import type { EtcdClient } from './client.ts';
import { EtcdError } from './errors.ts';

export interface Upkeep {
  /** All voters, whoever leads last. */
  readonly members: readonly EtcdClient[];
  readonly quotaBytes: number;
  readonly signal: AbortSignal;
  readonly progress: (message: string) => void;
}

/** Gives free space back to the disks, one member after the other and all of them well before the next. @throws EtcdError, TimeoutError */
export async function defragmentAll({
  members,
  signal,
  progress,
}: Omit<Upkeep, 'quotaBytes'>): Promise<void> {
  for (const member of members) {
    // It serves nobody meanwhile: together with one that has died since, that might be one too many.
    await allServe(members, signal);
    progress(`${member.member}: giving free space back`);
    await member.defragment({ signal });
  }
  await allServe(members, signal);
}

async function allServe(members: readonly EtcdClient[], signal: AbortSignal): Promise<void> {
  await Promise.all(
    members.map((member) => {
      // Its /health says no as long as an alarm stands.
      const leads = async (): Promise<true | undefined> =>
        (await member.status({ signal })).leader !== '0' || undefined;
      return waitFor(leads, { what: `etcd on ${member.member} to serve`, timeoutMs: BACK_MS, signal });
    }),
  );
}

/** Of the quota: with more in use the alarm would be back at once. */
const TOO_FULL = 0.95;
const BACK_MS = 60_000;

/**
 * Clears NOSPACE the safe way (etcd's maintenance guide): forget old versions; give the space back, one member after the other and each
 * well again before the next, the leader last; then take the alarm back.
 * @throws EtcdError when what is in use fills the quota: then the alarm stands, and somebody has to delete something
 */
export async function clearNoSpace({ members, quotaBytes, signal, progress }: Upkeep): Promise<void> {
  const [first] = members;
  if (!first) throw new Error('there is no member to ask');
  progress('forgetting old versions');
  const { revision } = await first.status({ signal });
  await first.compact(revision, { signal });
  await defragmentAll({ members, signal, progress });
  const sizes = await Promise.all(members.map((member) => member.status({ signal })));
  const largest = Math.max(...sizes.map(({ dbSize }) => dbSize));
  if (largest > quotaBytes * TOO_FULL) {
    const words = `${Math.round(largest / 1024 ** 2)} MiB are in use, which is all that it may have: delete what fills it`;
    throw new EtcdError('other', first.member, 'take the alarm back', words);
  }
  for (const alarm of await first.alarms({ signal })) {
    if (alarm.alarm === 'NOSPACE') await first.disarm(alarm, { signal });
  }
}
