import { startEtcd as startOn } from '../../../replicas/lifecycle/lifecycle.ts';
import { ownerOf, peerUrlOf } from '../peer-url.ts';
import { type Tools, voterToAsk } from '../tools.ts';
import type { Executor } from './executor.ts';

export const startEtcd: Executor<'start-etcd'> = async (t, { replica }, progress) => {
  const session = await t.session(replica);
  const { name } = voterToAsk(t.seen(), replica);
  const members = await (await t.etcd(name)).memberList({ linearizable: true, signal: t.signal });
  const own = peerUrlOf(t.seen(), replica);
  const member = members.find((m) => m.peerUrls.includes(own));
  if (!member) throw new Error(`etcd does not list ${replica} any more`);
  // All of them: etcd compares each member's with what the others know, and ends when one is missing.
  const initialCluster = members.flatMap((m) =>
    m.peerUrls.map((url) => ({ name: nameOf(t, m.name, m.peerUrls), peerUrl: url })),
  );
  await startOn(
    session,
    { name: replica, memberId: member.id, initialCluster },
    { signal: t.signal, progress },
  );
};

/** A member that has not started has no name yet; its peer address says whose it is. */
function nameOf(t: Tools, name: string, peerUrls: readonly string[]): string {
  if (name) return name;
  return ownerOf(t.seen(), peerUrls) ?? peerUrls.join('-').replace(/[^a-z0-9]+/g, '-');
}
