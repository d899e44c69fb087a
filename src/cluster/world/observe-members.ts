import type { EtcdClient } from '../../etcd/client.ts';
import { type ObservedMember, observe } from '../../etcd/observe.ts';
import type { EtcdObservation, MachineObservation, MemberObservation } from '../model/observation.ts';

/** An election takes 1 to 2 s: a cluster that has a majority is given the time to find its leader. */
const PATIENCE_MS = 8000;

/** etcd's members as the loop sees them: each under its replica's name, also before it has started. */
export async function observeMembers(
  machines: readonly MachineObservation[],
  before: EtcdObservation,
  clientOf: (replica: string) => EtcdClient,
  signal: AbortSignal,
): Promise<EtcdObservation> {
  const running = machines
    .filter((machine) => machine.inside?.etcd === 'running')
    .map((machine) => machine.name);
  const endpoints = new Map(running.map((name) => [name, clientOf(name)]));
  const summary = await observe(endpoints, { patienceMs: PATIENCE_MS, signal });
  if (!summary.readable && summary.members.length === 0) {
    return { readable: false, members: before.members.map((m) => ({ ...m, healthy: false, leader: false })) };
  }
  return {
    readable: summary.readable,
    members: summary.members.map((member) => named(member, machines, summary.readable)),
  };
}

function named(
  member: ObservedMember,
  machines: readonly MachineObservation[],
  readable: boolean,
): MemberObservation {
  const owner = machines.find((machine) => member.peerUrls.includes(`https://${machine.internalIp}:2380`));
  return {
    id: member.id,
    name: member.name || owner?.name || `member-${member.id}`,
    learner: member.isLearner,
    started: member.started,
    healthy: readable && member.healthy,
    leader: readable && member.isLeader,
  };
}
