/** What steps do to an observation, in a few words that they share. Pure. */
import type { Inside } from '../../../replicas/revision/inspect.ts';
import {
  type MachineObservation,
  type MemberObservation,
  machineOf,
  type Observation,
} from '../../model/observation.ts';

/** A disk on which nothing has been done yet. */
export const emptyInside: Inside = {
  provisioned: false,
  etcdData: false,
  etcd: 'disabled',
  apiServer: 'disabled',
  controllers: 'disabled',
  certificateExpires: null,
  certificateSecondsLeft: null,
  clockAheadSeconds: 0,
  storeRevision: null,
  freeKib: {},
  certificateNames: [],
  revision: null,
  backup: null,
  change: null,
  staged: null,
  begun: null,
};

export function withInside(o: Observation, name: string, change: Partial<Inside>): Observation {
  return {
    ...o,
    machines: o.machines.map((machine) =>
      machine.name === name
        ? { ...machine, inside: { ...(machine.inside ?? emptyInside), ...change } }
        : machine,
    ),
  };
}

export function withMachine(o: Observation, machine: MachineObservation): Observation {
  return { ...o, machines: [...o.machines.filter(({ name }) => name !== machine.name), machine] };
}

export function withMembers(o: Observation, members: readonly MemberObservation[]): Observation {
  return { ...o, etcd: { ...o.etcd, members } };
}

export function withMember(o: Observation, name: string, change: Partial<MemberObservation>): Observation {
  return withMembers(
    o,
    o.etcd.members.map((m) => (m.name === name ? { ...m, ...change } : m)),
  );
}

/** `planned-…` cannot be mistaken for an id of etcd's. */
export function newMember(name: string, flags: Omit<MemberObservation, 'id' | 'name'>): MemberObservation {
  return { id: `planned-${name}`, name, ...flags };
}

/** The first healthy voter that may lead does. */
export function withLeader(o: Observation, may: (member: MemberObservation) => boolean): Observation {
  const successor = o.etcd.members.find((m) => may(m) && !m.learner && m.healthy);
  return withMembers(
    o,
    o.etcd.members.map((m) => ({ ...m, leader: m === successor })),
  );
}

/** Of what certificates say, only this is looked at. */
export function certificateNames({ balancer }: Observation): readonly string[] {
  return balancer?.dnsName ? [balancer.dnsName.toLowerCase()] : [];
}

/** A voter that runs again: with a majority there is a leader, and whoever only lacked one is healthy again too. */
export function revived(o: Observation, name: string): Observation {
  const after = withMember(o, name, { healthy: true });
  const waits = (m: MemberObservation): boolean =>
    !after.etcd.readable && machineOf(after, m.name)?.inside?.etcd === 'running';
  const voters = after.etcd.members.filter((m) => !m.learner);
  const able = voters.filter((m) => m.healthy || waits(m));
  const elects = able.length * 2 > voters.length;
  const leader = able.find((m) => m.leader) ?? able[0];
  const list = after.etcd.members.map((m) => ({
    ...m,
    healthy: m.healthy || (elects && waits(m)),
    leader: elects && m === leader,
  }));
  const { readable, alarms } = after.etcd;
  const etcd = { ...after.etcd, readable: elects || readable, members: list };
  // Which alarms stand when a quorum is back, only a look can say: nobody who brings it back is refused for them.
  return { ...after, etcd: { ...etcd, alarms: readable ? alarms : undefined } };
}

/** An address whose holder is deleted belongs to nobody. */
export function freed(
  o: Observation,
  kind: 'machine' | 'balancer',
  name: string | null,
): Observation['address'] {
  const holder = o.address?.holder;
  const loses = holder?.kind === kind && (holder.kind !== 'machine' || holder.name === name);
  return o.address && loses ? { ...o.address, holder: { kind: 'nobody' } } : o.address;
}
