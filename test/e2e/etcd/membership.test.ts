import { connect } from 'node:net';
import { PassThrough } from 'node:stream';
import { test as base, describe, expect } from 'vitest';
import { nothing } from '../../../src/cluster/model/observation.ts';
import { promote as promoteStep } from '../../../src/cluster/world/steps/promote.ts';
import type { Tools } from '../../../src/cluster/world/tools.ts';
import type { EtcdClient } from '../../../src/etcd/client.ts';
import { etcdClient } from '../../../src/etcd/client.ts';
import { EtcdError } from '../../../src/etcd/errors.ts';
import { addLearner, moveLeader, promote, remove } from '../../../src/etcd/membership.ts';
import { observe } from '../../../src/etcd/observe.ts';
import { TimeoutError, waitFor } from '../../../src/util/wait.ts';
import { makeCluster, type TestCluster } from './cluster.ts';

/** Ports of the next cluster: below those that the kernel gives to outgoing connections, of which other files' tests have many. */
let next = 15_000;

/** A cluster whose members are all voters; the first, `a`, leads. */
interface Voters {
  readonly cluster: TestCluster;
  readonly a: EtcdClient;
  idOf(name: string): Promise<string>;
  look(...names: string[]): ReturnType<typeof observe>;
}

/** Each test has a cluster of its own, so that several wait at the same time. */
const test = base.extend<{ voters: (count: 1 | 2 | 3, flags?: readonly string[]) => Promise<Voters> }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads from the pattern what a fixture needs
  voters: async ({}, use) => {
    let made: TestCluster | undefined;
    await use(async (count, flags = ['--max-learners=2']) => {
      next += 20;
      const cluster = await makeCluster({ first: next }, flags);
      made = cluster;
      await cluster.bootstrap('a');
      const a = cluster.client('a');
      const idOf = async (name: string): Promise<string> => {
        const member = (await a.memberList()).find((m) => m.peerUrls.includes(cluster.peerUrl(name)));
        if (!member) throw new Error(`${name} is not listed`);
        return member.id;
      };
      for (const name of ['b', 'c'].slice(0, count - 1)) await addLearner(a, cluster.peerUrl(name));
      for (const name of ['b', 'c'].slice(0, count - 1)) await cluster.join(name, await a.memberList());
      for (const name of ['b', 'c'].slice(0, count - 1)) await promote(a, await idOf(name));
      return {
        cluster,
        a,
        idOf,
        look: (...names) => observe(new Map(names.map((name) => [name, cluster.client(name)]))),
      };
    });
    await made?.remove();
  },
});

/** Somebody else's answer is lost: the change is made, and whoever asked for it hears nothing. */
function losingReplies(client: EtcdClient, method: 'memberAddLearner' | 'memberPromote' | 'memberRemove') {
  let lost = 0;
  const losing = {
    ...client,
    [method]: async (...args: never[]) => {
      await (client[method] as (...args: never[]) => Promise<unknown>)(...args);
      lost++;
      throw new EtcdError('timeout', client.member, 'be heard', 'the reply was lost');
    },
  };
  return { client: losing as EtcdClient, lost: () => lost };
}

// Most of it is waiting, for etcd's own five seconds above all: the three stories wait side by side.
describe.concurrent('members that come and go, and answers that are lost', () => {
  test.sequential('one grows to three through two learners at once, and shrinks to one, each change made once', async ({
    voters,
  }) => {
    const { cluster, a, idOf, look } = await voters(3);
    const three = await look('a', 'b', 'c');
    expect(three.readable).toBe(true);
    expect(three.members.map((m) => m.healthy && !m.isLearner && m.started)).toEqual([true, true, true]);
    expect(three.members.find((m) => m.isLeader)?.replica).toBe('a');

    await addLearner(a, cluster.peerUrl('b')); // exists: nothing is added
    await promote(a, await idOf('b')); // a voter: nothing is promoted
    expect(await a.memberList()).toHaveLength(3);

    const [b, c] = [await idOf('b'), await idOf('c')];
    const waits: string[] = [];
    await remove(a, c, { progress: (message) => waits.push(message) });
    await remove(a, b);
    await remove(a, b); // gone: nothing is removed
    expect(waits).toEqual(['etcd allows a change only when its voters have been connected for 5 s']);
    expect((await a.memberList()).map((m) => m.name)).toEqual(['a']);
    expect((await a.health()).healthy).toBe(true);
  });

  test.sequential('with etcd’s own limit of one learner, the second is refused by name, and accepted after the first is promoted', async ({
    voters,
  }) => {
    const { cluster, a } = await voters(1, []);
    const b = await addLearner(a, cluster.peerUrl('b'));
    await expect(addLearner(a, cluster.peerUrl('c'))).rejects.toMatchObject({ kind: 'too-many-learners' });
    await cluster.join('b', await a.memberList());
    await promote(a, b.id);
    expect((await addLearner(a, cluster.peerUrl('c'))).isLearner).toBe(true); // waits out the 5 s
  });

  test.sequential('a lost reply to an addition, a promotion or a removal is found out from the list, and nothing happens twice', async ({
    voters,
  }) => {
    const { cluster, a } = await voters(1);
    const adding = losingReplies(a, 'memberAddLearner');
    const b = await addLearner(adding.client, cluster.peerUrl('b'));
    await cluster.join('b', await a.memberList());
    const promoting = losingReplies(a, 'memberPromote');
    await promote(promoting.client, b.id);
    const removing = losingReplies(a, 'memberRemove');
    await remove(removing.client, b.id);
    expect([adding.lost(), promoting.lost(), removing.lost()]).toEqual([1, 1, 1]);
    expect((await a.memberList()).map((m) => m.name)).toEqual(['a']);
  });

  test.sequential('a promotion whose reply cannot be read takes nobody out: the learner may be a voter by now', async ({
    voters,
  }) => {
    const { cluster, a, idOf } = await voters(1);
    const b = await addLearner(a, cluster.peerUrl('b'));
    await cluster.join('b', await a.memberList());
    const garbled: EtcdClient = {
      ...a,
      memberPromote: async (id, options) => {
        await a.memberPromote(id, options);
        throw new EtcdError('other', a.member, 'promote', 'an answer of another form');
      },
    };
    const member = (name: string, id: string, learner: boolean, leader: boolean) => {
      return { name, id, learner, leader, healthy: true, started: true };
    };
    const members = [member('a', await idOf('a'), false, true), member('b', b.id, true, false)];
    const seen = { ...nothing, etcd: { readable: true, members } };
    const tools = {
      seen: () => seen,
      signal: new AbortController().signal,
      etcd: async (name: string) => (name === 'a' ? garbled : cluster.client(name)),
    } as Partial<Tools> as Tools;
    await expect(
      promoteStep(
        tools,
        { kind: 'promote', replica: 'b' },
        () => {},
        async () => {},
      ),
    ).rejects.toThrow('an answer of another form');
    // etcd lists its members by their ids, which are hashes: by name here.
    expect(new Map((await a.memberList()).map((m) => [m.name, m.isLearner]))).toEqual(
      new Map([
        ['a', false],
        ['b', false],
      ]),
    );
  });
});

describe.concurrent('learners, leadership and the dead', () => {
  test.sequential('a learner that never starts is not promoted, the time limit says why, and it can be removed', async ({
    voters,
  }) => {
    const { cluster, a, look } = await voters(1);
    const b = await addLearner(a, cluster.peerUrl('b'));
    const error = await promote(a, b.id, { timeoutMs: 1_000 }).catch((e) => e);
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error.message).toMatch(/in sync with leader/);
    const [, member] = (await look('a')).members.toSorted((x) => (x.replica === 'a' ? -1 : 1));
    expect(member).toMatchObject({ isLearner: true, started: false, healthy: false, replica: null });
    await remove(a, b.id);
    await expect(promote(a, b.id)).rejects.toMatchObject({ kind: 'member-not-found' });
  });

  test.sequential('an address that was removed can be added again at once', async ({ voters }) => {
    const { cluster, a } = await voters(1);
    const ids = new Set<string>();
    for (let i = 0; i < 3; i++) {
      const { id } = await addLearner(a, cluster.peerUrl('b'));
      await remove(a, id);
      ids.add(id);
    }
    expect(ids.size).toBe(3);
  });

  test.sequential('leadership moves away from a member that leads, and a member that does not lead is left alone', async ({
    voters,
  }) => {
    const { cluster, a, idOf, look } = await voters(2);
    const b = await idOf('b');
    await expect(cluster.client('b').moveLeader(b)).rejects.toMatchObject({ kind: 'not-leader' });
    await moveLeader(a, b);
    expect((await look('a', 'b')).leaderId).toBe(b);
    await moveLeader(a, b);
    expect((await look('a', 'b')).leaderId).toBe(b);
  });

  test.sequential('while a voter of three is dead every addition is refused, and the dead one can be removed', async ({
    voters,
  }) => {
    const { cluster, a, idOf, look } = await voters(3);
    await cluster.kill('c');
    const error = await addLearner(a, cluster.peerUrl('d'), { timeoutMs: 7_000 }).catch((e) => e);
    expect(error.message).toMatch(/unhealthy cluster/);
    const seen = await look('a', 'b', 'c');
    expect(seen.members.filter((m) => m.healthy)).toHaveLength(2);
    expect(seen.readable).toBe(true);
    await remove(a, await idOf('c'));
    expect(await a.memberList()).toHaveLength(2);
  });
});

describe.concurrent('what is seen of members that do not answer', () => {
  test.sequential('a member without a quorum is readable to nobody, and its list is shown as the last known', async ({
    voters,
  }) => {
    const { cluster, look } = await voters(3);
    await cluster.kill('b');
    await cluster.kill('c');
    await waitFor(async () => ((await cluster.client('a').status()).leader === '0' ? true : undefined), {
      what: 'the leader to notice',
      timeoutMs: 10_000,
    });
    const alone = await look('a', 'b', 'c');
    expect(alone.readable).toBe(false);
    expect(alone.leaderId).toBe(null);
    expect(alone.members).toHaveLength(3);
    expect(alone.members.some((m) => m.healthy)).toBe(false);
    await expect(cluster.client('a').memberList({ timeoutMs: 1_000 })).rejects.toBeInstanceOf(EtcdError);

    cluster.restart('b');
    await waitFor(async () => ((await look('a', 'b', 'c')).readable ? true : undefined), {
      what: 'a quorum again',
      timeoutMs: 20_000,
    });
    expect((await look('a', 'b', 'c')).members.filter((m) => m.healthy)).toHaveLength(2);
  });

  test.sequential('a frozen member neither hides the others nor counts as healthy', async ({ voters }) => {
    const { cluster, look } = await voters(3);
    cluster.signal('c', 'SIGSTOP');
    const seen = await look('a', 'b', 'c');
    expect(seen.readable).toBe(true);
    expect(
      seen.members
        .filter((m) => m.healthy)
        .map((m) => m.name)
        .sort(),
    ).toEqual(['a', 'b']);
    expect(seen.members.find((m) => m.name === 'c')).toMatchObject({
      replica: null,
      behind: null,
      started: true,
    });
    cluster.signal('c', 'SIGCONT');
  });

  test.sequential('with patience, an election is waited out', async ({ voters }) => {
    const { cluster } = await voters(3);
    await cluster.kill('a');
    const endpoints = new Map(['a', 'b', 'c'].map((name) => [name, cluster.client(name)]));
    const seen = await observe(endpoints, { patienceMs: 10_000 });
    expect(seen.readable).toBe(true);
    expect(['b', 'c']).toContain(seen.members.find((m) => m.isLeader)?.name);
  });

  test.sequential('a client without a certificate, a closed port and a silent peer are told apart', async ({
    voters,
  }) => {
    const { cluster, a, look } = await voters(1);
    const { members } = await look('a');
    expect(members).toHaveLength(1);
    const port = Number(new URL(cluster.clientUrl('a')).port);
    const stranger = etcdClient({
      member: 'a',
      connect: async () => connect({ host: '127.0.0.1', port }),
      tls: { caPem: '', certPem: '', keyPem: '' },
    });
    await expect(stranger.status()).rejects.toMatchObject({ kind: 'unreachable' });
    const silent = etcdClient({
      member: 'a',
      connect: async () => new PassThrough(),
      tls: { caPem: '', certPem: '', keyPem: '' },
    });
    await expect(silent.status({ timeoutMs: 50 })).rejects.toMatchObject({
      kind: expect.stringMatching(/timeout|unreachable/),
    });
    await cluster.kill('a');
    await expect(a.status()).rejects.toMatchObject({
      kind: 'unreachable',
      words: expect.stringMatching(/ECONNREFUSED/),
    });
    const stop = new AbortController();
    const waiting = addLearner(a, cluster.peerUrl('b'), { signal: stop.signal });
    stop.abort(new Error('interrupted'));
    await expect(waiting).rejects.toThrow('interrupted');
  });
});
