import { expect, it } from 'vitest';
import { observeMembers } from '../../../../../src/cluster/world/observe/members.ts';
import type { EtcdClient } from '../../../../../src/etcd/client.ts';
import { BEHIND } from '../../../../../src/etcd/observe.ts';
import { converged, memberList, specOf } from '../../../../support/clusters.ts';
import { instantly } from '../../../../support/quick-clock.ts';

const names = ['m0', 'm1', 'm2'];
const whole = converged(specOf(names));
const list = memberList(names);

const well = { healthy: true, lags: undefined, unseen: undefined };
const ill = { ...well, healthy: false };
const fails = () => Promise.reject(new Error('no answer in time'));

/** The client of a member that has applied so much of what m0, the leader, has: 10,000 entries; `leader`: whom it follows. */
function clientOf(at: number, applied: bigint, leader = '1'): EtcdClient {
  const status = {
    ...{ memberId: String(at + 1), leader, raftTerm: 3n, raftIndex: 10_000n, raftAppliedIndex: applied },
    ...{ dbSize: 1, dbSizeInUse: 1, alarms: [] },
  };
  return {
    member: names[at]!,
    status: async () => status,
    memberList: async () => list,
  } as unknown as EtcdClient;
}

async function look(m1: EtcdClient, before = whole.etcd) {
  const clients = [clientOf(0, 10_000n), m1, clientOf(2, 10_000n)];
  let received = 0;
  // It hears of everybody.
  clients[0]!.receivedFrom = async () => new Map(list.map(({ id }) => [id, ++received]));
  const { members } = await observeMembers({
    machines: whole.machines,
    before,
    clientOf: (name) => clients[names.indexOf(name)]!,
    timeoutMs: 1000,
    reads: async () => true,
    signal: new AbortController().signal,
    clock: instantly,
  });
  return members.map(({ healthy, lags, unseen }) => ({ healthy, lags, unseen }));
}

it('says who answers and has only not caught up, and not of one whom the leader has lost', async () => {
  expect(await look(clientOf(1, 10_000n - BEHIND))).toEqual([well, well, well]);
  expect(await look(clientOf(1, 9_999n - BEHIND))).toEqual([well, { ...ill, lags: true }, well]);
  expect(await look(clientOf(1, 0n, '0'))).toEqual([well, ill, well]);
});

it('asks the leader about who has lagged and then does not answer, and not again about who did not answer before', async () => {
  const silent = { member: 'm1', status: fails, memberList: fails } as unknown as EtcdClient;
  const seenBefore = (lags: boolean) => ({
    ...whole.etcd,
    members: whole.etcd.members.map((member, at) => ({
      ...member,
      id: String(at + 1),
      ...(at === 1 ? { healthy: false, lags } : {}),
    })),
  });
  expect(await look(silent, seenBefore(true))).toEqual([well, { ...ill, unseen: true }, well]);
  expect(await look(silent, seenBefore(false))).toEqual([well, ill, well]);
});
