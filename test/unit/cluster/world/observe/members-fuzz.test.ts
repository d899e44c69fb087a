import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { REPLICA_NAME } from '../../../../../src/cluster/model/names.ts';
import type { EtcdObservation } from '../../../../../src/cluster/model/observation.ts';
import { next } from '../../../../../src/cluster/plan/next.ts';
import { statusOf } from '../../../../../src/cluster/plan/status.ts';
import { observeMembers } from '../../../../../src/cluster/world/observe/members.ts';
import { etcdClient } from '../../../../../src/etcd/client.ts';
import { EtcdError } from '../../../../../src/etcd/errors.ts';
import { memberListReply } from '../../../../../src/etcd/wire.ts';
import { converged, specOf } from '../../../../support/clusters.ts';
import { type Damage, damage, mangled } from '../../../../support/mangled.ts';

// Many inputs: how long they take is the host's affair.
vi.setConfig({ testTimeout: 600_000 });

/** More of them: HAUP_FUZZ_RUNS=20000 */
const RUNS = Number(process.env.HAUP_FUZZ_RUNS ?? (process.env.CI ? 1_200 : 300));

const names = ['demo-master', 'demo-master-abc', 'demo-master-xyz'];
const spec = specOf(names.map((name, at) => `${name}@local-${'abc'[at]}`));
const whole = converged(spec);
const machines = whole.machines.map((machine, at) => ({ ...machine, internalIp: `10.0.0.${at + 2}` }));
/** As etcd gives them: beyond what a number holds. */
const ids = ['9372538179322589801', '10501334649042878790', '18249187646912138824'];
const members = names.map((name, at) => ({
  ID: ids[at],
  name,
  peerURLs: at === 1 ? [`https://10.0.0.3:2380`, 'https://10.1.0.3:2380'] : [`https://10.0.0.${at + 2}:2380`],
  clientURLs: ['https://127.0.0.1:2379'],
}));
const before: EtcdObservation = {
  ...whole.etcd,
  members: whole.etcd.members.map((member, at) => ({ ...member, id: ids[at]! })),
};
const header = (at: number) => ({
  cluster_id: '14841639068965178418',
  member_id: ids[at],
  revision: '77',
  raft_term: '3',
});
const received = (count: number) =>
  [
    ...ids.map(
      (id) => `etcd_network_peer_received_bytes_total{From="${BigInt(id!).toString(16)}"} ${count}.5e+06`,
    ),
    'etcd_server_has_leader 1',
    'process_open_fds 38',
    '',
  ].join('\n');

/** What etcd on a machine answers, by the path that it is asked. */
function answers(at: number, asked: number): Record<string, unknown> {
  return {
    '/v3/cluster/member/list': { header: header(at), members },
    '/v3/maintenance/status': {
      header: header(at),
      version: '3.7.3',
      dbSize: '24576',
      dbSizeInUse: '24576',
      leader: ids[0],
      raftIndex: '1042',
      raftTerm: '3',
      raftAppliedIndex: String(1042 - at),
    },
    '/metrics': received(asked),
  };
}

interface Way {
  /** Nobody is reached on that machine at all. */
  readonly gone: boolean;
  readonly status: number;
  readonly list: readonly Damage[];
  readonly own: readonly Damage[];
  readonly metrics: readonly Damage[];
}

function clientBy(at: number, way: Way) {
  let asked = 0;
  return etcdClient({
    member: names[at]!,
    tls: { caPem: '', certPem: '', keyPem: '' },
    connect: () => Promise.reject(new Error('refused')),
    otherwise: async ({ path }) => {
      if (way.gone) throw new Error('cut off');
      asked += 1;
      const answer = answers(at, asked)[path];
      const done = path.endsWith('list') ? way.list : path.endsWith('status') ? way.own : way.metrics;
      return { status: way.status, text: mangled(answer, done) };
    },
  });
}

function look(ways: readonly Way[], reads: boolean): Promise<EtcdObservation> {
  let now = 0;
  // Faster than its pauses: what is looked for again and again is looked for a few times.
  const clock = {
    now: () => now,
    sleep: async (ms: number) => {
      now += ms * 20;
    },
  };
  return observeMembers({
    machines,
    before,
    clientOf: (name) => clientBy(names.indexOf(name), ways[names.indexOf(name)]!),
    timeoutMs: 1000,
    reads: async () => reads,
    signal: new AbortController().signal,
    clock,
  });
}

/** A list that is well formed and leaves somebody out, or calls a voter a learner: nobody can tell that from the truth. */
function isLie({ list }: Way): boolean {
  const { data } = memberListReply.safeParse(parsed(mangled({ header: header(0), members }, list)));
  return (
    data !== undefined && !ids.every((id) => data.members.some((one) => one.id === id && !one.isLearner))
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const few = fc.array(damage, { maxLength: 2 });
const way: fc.Arbitrary<Way> = fc.record({
  gone: fc.integer({ min: 0, max: 9 }).map((one) => one === 0),
  status: fc.constantFrom(200, 200, 200, 200, 503, 0),
  list: few,
  own: few,
  metrics: few,
});
const ways = fc.tuple(way, way, way);

it('a whole answer is what it says, with every peer URL and who leads', async () => {
  const well = { gone: false, status: 200, list: [], own: [], metrics: [] };
  const seen = await look([well, well, well], true);
  expect(seen.members).toEqual(
    names.map((name, at) => ({
      id: ids[at],
      name,
      learner: false,
      started: true,
      healthy: true,
      leader: at === 0,
      database: { bytes: 24_576, inUse: 24_576 },
    })),
  );
});

it('whatever members answer, none is called by what it is not, dead, or out of a quorum because of it', async () => {
  let readable = 0;
  await fc.assert(
    fc.asyncProperty(ways, fc.boolean(), async (all, reads) => {
      const etcd = await look(all, reads);
      if (etcd.readable) readable += 1;
      const { members: seen } = etcd;
      for (const { id, name } of seen) {
        expect(name).toMatch(REPLICA_NAME);
        expect(id).toMatch(/^[1-9]\d{0,19}$/);
      }
      expect(new Set(seen.map(({ id }) => id)).size).toBe(seen.length);
      expect(new Set(seen.map(({ name }) => name)).size).toBe(seen.length);
      expect(etcd.quorum).not.toBe('lost');
      for (const revive of [false, true]) {
        const { steps, blocked } = next(spec, { ...whole, machines, etcd }, { revive });
        for (const step of steps) {
          expect(['bootstrap-etcd', 'delete-machine', 'create-machine', 'reserve-address']).not.toContain(
            step.kind,
          );
          if (step.kind === 'remove-member') expect(ids).not.toContain(step.member);
        }
        if (all.some(isLie)) continue;
        const said = JSON.stringify([blocked, statusOf(spec, { ...whole, machines, etcd }, 0)]);
        expect(said).not.toMatch(/lost-quorum|force-new-cluster/);
      }
    }),
    { seed: 8, numRuns: RUNS },
  );
  expect(readable).toBeGreaterThan(RUNS / 4);
});

it('a call that gets another answer than it knows is an error of etcd’s in one line, with no more words than a line holds', async () => {
  await fc.assert(
    fc.asyncProperty(way, fc.nat(2), async (one, at) => {
      const client = clientBy(at, one);
      const calls = [
        client.memberList(),
        client.status(),
        client.alarms(),
        client.receivedFrom(),
        client.memberAddLearner(['https://10.0.0.9:2380']),
        client.memberPromote('7'),
      ];
      for (const outcome of await Promise.allSettled<unknown>(calls)) {
        if (outcome.status === 'fulfilled') continue;
        expect(outcome.reason).toBeInstanceOf(EtcdError);
        expect((outcome.reason as Error).message.length).toBeLessThan(1000);
      }
      expect(await client.health()).toMatchObject({ healthy: expect.any(Boolean) });
    }),
    { seed: 8, numRuns: Math.ceil(RUNS / 2) },
  );
});
