import { describe, expect, test } from 'vitest';
import type { EtcdClient } from '../../../src/etcd/client.ts';
import { clearNoSpace, defragmentAll } from '../../../src/etcd/upkeep.ts';
import type { EtcdAlarm, EtcdStatus } from '../../../src/etcd/wire.ts';
import { GiveUp } from '../../../src/util/wait.ts';

const QUOTA = 1000;

/** Members that say what is asked of them; each is of this size once it is defragmented. */
function members(names: readonly string[], sizeAfter: number, alarms: EtcdAlarm[]) {
  const calls: string[] = [];
  const clients = names.map((member) => {
    let dbSize = QUOTA;
    /** A member has no leader in its first answer after it was defragmented. */
    let starting = false;
    const client: Partial<EtcdClient> = {
      member,
      status: async () => {
        const leader = starting ? '0' : '7';
        starting = false;
        return { leader, revision: '42', dbSize } as EtcdStatus;
      },
      compact: async (revision) => void calls.push(`compact ${revision}`),
      defragment: async () => {
        calls.push(`defragment ${member}`);
        dbSize = sizeAfter;
        starting = true;
      },
      alarms: async () => [...alarms],
      disarm: async (alarm) => {
        calls.push(`disarm ${alarm.alarm} of ${alarm.memberId}`);
        alarms.splice(alarms.indexOf(alarm), 1);
      },
    };
    return client as EtcdClient;
  });
  return { calls, clients };
}

const around = { quotaBytes: QUOTA, signal: new AbortController().signal, progress: () => {} };

describe('clearing NOSPACE', () => {
  test('compacts, defragments one after the other, and takes back each alarm of this kind, whoever has raised it', async () => {
    const alarms = [
      { memberId: '1', alarm: 'NOSPACE' },
      { memberId: '2', alarm: 'CORRUPT' },
      { memberId: '3', alarm: 'NOSPACE' },
    ];
    const { calls, clients } = members(['m1', 'm2', 'leader'], 100, alarms);
    await clearNoSpace({ ...around, members: clients });
    expect(calls).toEqual([
      'compact 42',
      'defragment m1',
      'defragment m2',
      'defragment leader',
      'disarm NOSPACE of 1',
      'disarm NOSPACE of 3',
    ]);
    expect(alarms).toEqual([{ memberId: '2', alarm: 'CORRUPT' }]);
  });

  test('leaves the alarm where it is while what is in use fills the quota', async () => {
    const alarms = [{ memberId: '1', alarm: 'NOSPACE' }];
    const { calls, clients } = members(['m1'], 960, alarms);
    await expect(clearNoSpace({ ...around, members: clients })).rejects.toThrow(/delete what fills it/);
    expect(calls.join()).not.toMatch(/disarm/);
  });
});

test('no member is defragmented while another does not serve', async () => {
  const { calls, clients } = members(['m1', 'm2', 'leader'], 100, []);
  const [m1, m2, leader] = clients as [EtcdClient, EtcdClient, EtcdClient];
  /** It dies while m1 is defragmented, and nobody waits for it here. */
  const dying: EtcdClient = {
    ...leader,
    status: async () => {
      if (calls.length > 0) throw new GiveUp(new Error('the leader does not answer'));
      return leader.status();
    },
  };
  await expect(defragmentAll({ ...around, members: [m1, m2, dying] })).rejects.toThrow(/does not answer/);
  expect(calls).toEqual(['defragment m1']);
});
