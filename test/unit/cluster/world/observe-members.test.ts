import fc from 'fast-check';
import { expect, it } from 'vitest';
import { REPLICA_NAME } from '../../../../src/cluster/model/names.ts';
import type { MachineObservation } from '../../../../src/cluster/model/observation.ts';
import { observeMembers } from '../../../../src/cluster/world/observe-members.ts';
import type { EtcdClient } from '../../../../src/etcd/client.ts';
import { memberListReply } from '../../../../src/etcd/wire.ts';

const machine = {
  name: 'demo-master',
  internalIp: '10.0.0.2',
  inside: { etcd: 'running' },
} as unknown as MachineObservation;

/** What the loop sees when etcd lists members of these names. */
async function seen(names: readonly string[]) {
  const header = { cluster_id: '1', member_id: '1', raft_term: '1' };
  const members = names.map((name, index) => ({
    ID: String(index + 1),
    name,
    peerURLs: [`https://10.0.0.${index + 3}:2380`],
  }));
  const list = memberListReply.parse({ header, members }).members;
  const status = {
    clusterId: '1',
    memberId: '1',
    version: '3.7.3',
    dbSize: 0,
    dbSizeInUse: 0,
    leader: '1',
    raftIndex: 1n,
    raftAppliedIndex: 1n,
    raftTerm: 1n,
    isLearner: false,
    errors: [],
    alarms: [],
  };
  const client = { memberList: async () => list, status: async () => status } as unknown as EtcdClient;
  const before = { readable: true, members: [] };
  return observeMembers([machine], before, () => client, new AbortController().signal);
}

it("a member's name is a replica's, or the member is shown by its id", async () => {
  const { members } = await seen(['demo-master', '$(reboot)', 'demo\u001b[2J', '']);
  expect(members.map(({ name }) => name)).toEqual(['demo-master', 'member-2', 'member-3', 'member-4']);
});

it('whatever members are called, their names are fit for a command and a screen', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 5 }),
      async (names) => {
        for (const { name } of (await seen(names)).members) expect(name).toMatch(REPLICA_NAME);
      },
    ),
    { numRuns: 3_000 },
  );
});
