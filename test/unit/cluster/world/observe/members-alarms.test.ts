import { expect, it } from 'vitest';
import { observeMembers } from '../../../../../src/cluster/world/observe/members.ts';
import type { EtcdClient } from '../../../../../src/etcd/client.ts';
import { converged, memberList, specOf } from '../../../../support/clusters.ts';
import { quickClock } from '../../../../support/quick-clock.ts';

const names = ['m0', 'm1', 'm2'];
const whole = converged(specOf(names));
const list = memberList(names);
const alarms = [
  { memberId: '2', alarm: 'CORRUPT' },
  { memberId: '9', alarm: 'NOSPACE' },
];

/** Of three members m0 alone answers, and knows of no leader; `members`: what it lists of itself. */
function look(members: () => Promise<typeof list>) {
  const status = {
    ...{ memberId: '1', leader: '0', raftTerm: 3n, raftIndex: 7n, raftAppliedIndex: 7n },
    ...{ dbSize: 1, dbSizeInUse: 1, alarms },
  };
  const client = {
    member: 'm0',
    status: async () => status,
    memberList: ({ linearizable }: { readonly linearizable: boolean }) =>
      linearizable ? Promise.reject(new Error('no leader')) : members(),
  } as unknown as EtcdClient;
  return observeMembers({
    machines: whole.machines.map((machine) =>
      machine.name === 'm0' ? machine : { ...machine, state: 'stopped', inside: null },
    ),
    before: {
      ...whole.etcd,
      members: whole.etcd.members.map((member, at) => ({ ...member, id: String(at + 1) })),
    },
    clientOf: () => client,
    timeoutMs: 1000,
    reads: async () => false,
    signal: new AbortController().signal,
    clock: quickClock(),
  });
}

it.each([
  ['its own list', async () => list],
  ['what was known before', () => Promise.reject(new Error('no answer'))],
])('alarms are seen without a quorum where one member answers, by names from %s', async (_, members) => {
  expect(await look(members)).toMatchObject({
    readable: false,
    quorum: 'lost',
    alarms: [
      { member: 'm1', alarm: 'CORRUPT' },
      { member: 'member-9', alarm: 'NOSPACE' },
    ],
  });
});
