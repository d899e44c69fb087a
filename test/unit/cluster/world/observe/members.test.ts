import fc from 'fast-check';
import { expect, it } from 'vitest';
import { REPLICA_NAME } from '../../../../../src/cluster/model/names.ts';
import { memberName } from '../../../../../src/cluster/world/observe/members.ts';
import { memberListReply } from '../../../../../src/etcd/wire.ts';

/** The names under which the loop sees members that etcd lists so. */
function seen(names: readonly string[]): string[] {
  const header = { cluster_id: '1', member_id: '1', raft_term: '1' };
  const members = names.map((name, index) => ({
    ID: String(index + 1),
    name,
    peerURLs: [`https://10.0.0.${index}:2380`],
  }));
  return memberListReply
    .parse({ header, members })
    .members.map((member) => memberName({ ...member, replica: null }));
}

it("a member's name is a replica's, or the member is shown by its id", () => {
  expect(seen(['demo-master', '$(reboot)', 'demo\u001b[2J', ''])).toEqual([
    'demo-master',
    'member-2',
    'member-3',
    'member-4',
  ]);
  expect(memberName({ id: '7', name: '', replica: null }, 'demo-master')).toBe('demo-master');
});

it('whatever members are called, their names are fit for a command and a screen', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1 }), (names) => {
      for (const name of seen(names)) expect(name).toMatch(REPLICA_NAME);
    }),
    { numRuns: 3_000 },
  );
});
