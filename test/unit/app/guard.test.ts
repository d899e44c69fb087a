import { describe, expect, test } from 'vitest';
import { type GuardOutcome, guardOnce, type Unsaved } from '../../../src/app/guard.ts';
import type { Environment, OpenCluster } from '../../../src/app/operations.ts';
import { duties, type GuardMemory, nothingSeen } from '../../../src/cluster/model/guard.ts';
import type { Observation } from '../../../src/cluster/model/observation.ts';
import type { ClusterSpec } from '../../../src/cluster/model/spec.ts';
import { withMember } from '../../../src/cluster/plan/steps/effects.ts';
import type { EtcdClient } from '../../../src/etcd/client.ts';
import type { EtcdStatus } from '../../../src/etcd/wire.ts';
import { BusyError } from '../../../src/state/errors.ts';
import { converged, powerOff, specOf } from '../../support/clusters.ts';

const NOW = 1_000_000_000;

interface Scene {
  readonly spec: ClusterSpec;
  readonly observation: Observation;
  /** From when on somebody was asked for a session; default: the same. */
  readonly later?: Observation;
  readonly memory?: GuardMemory;
  readonly unsaved?: Unsaved;
  readonly elsewhere?: readonly string[];
  /** Whoever is asked for an SSH session. */
  readonly session?: (stop: AbortController) => Promise<never>;
  /** How much etcd's leader has received from each member whenever it is asked, by id. */
  readonly received?: () => ReadonlyMap<string, number>;
  /** What each member of etcd answers to anything else. */
  readonly client?: (member: string) => Partial<EtcdClient>;
  /** Under the lock; default: the same. */
  readonly locked?: Observation;
  /** Whoever wants the lock. */
  readonly busy?: () => Promise<never>;
  /** For so many machines more there is room. */
  readonly room?: number;
  readonly dryRun?: boolean;
}

/** One look, with all duties; what it ends with, and what the store has of it then. */
async function look({
  spec,
  observation,
  memory = nothingSeen,
  unsaved,
  elsewhere = [],
  session,
  later,
  locked,
  received,
  client,
  busy,
  room = 1,
  dryRun = false,
}: Scene) {
  const stop = new AbortController();
  let asked = false;
  let holds = false;
  const saved: { guard: GuardMemory; specs: ClusterSpec[] } = { guard: memory, specs: [] };
  const world = {
    spec: () => spec,
    observe: async () => (asked && later ? later : holds && locked ? locked : observation),
    guard: () => saved.guard,
    rememberGuard: async (guard: GuardMemory) => {
      saved.guard = guard;
    },
    save: async (wish: ClusterSpec) => void saved.specs.push(wish),
    session: () => {
      asked = true;
      return session?.(stop);
    },
    etcd: async (member: string) => ({
      receivedFrom: async () => received?.() ?? new Map(),
      ...client?.(member),
    }),
  };
  const provider = {
    zones: async () => ['local-a', 'local-b', 'local-c'],
    preflight: async (machines = 0) => {
      if (machines > room) throw new Error('there is no room on this host');
    },
  };
  const open = { world, provider } as unknown as OpenCluster;
  const env = {
    emit: () => {},
    signal: stop.signal,
    now: () => NOW,
    looking: (_: string, work: (open: OpenCluster) => unknown) => work(open),
    locked: (_: string, __: string, work: (open: OpenCluster) => unknown) => {
      holds = true;
      return work(open);
    },
  } as unknown as Environment;
  const request = {
    ...{ cluster: 'demo', may: duties, afterMs: 300_000, elsewhere, dryRun },
    ...(unsaved ? { unsaved } : {}),
  };
  const outcome = await guardOnce(busy ? { ...env, locked: busy } : env, request).catch(
    (error: unknown) => error,
  );
  return { outcome, saved };
}

const spec = specOf(['m0@local-a', 'm1@local-b', 'm2@local-c'], {
  backup: {
    to: '/backups',
    everySeconds: 60,
    keep: { allHours: 1, hourlyDays: 1, dailyDays: 30 },
    generation: 1,
  },
});

function lateBackups(): Observation {
  const whole = converged(spec);
  const taken = { id: 'a', taken: '1970-01-01T00:00:00Z', finished: '1970-01-01T00:00:01Z' };
  const backup = { generation: 1, last: { ...taken, size: 1, added: '1', store: 1 }, failure: null };
  const machines = whole.machines.map((m) => ({ ...m, inside: { ...m.inside!, backup } }));
  return { ...whole, machines } as unknown as Observation;
}

test('what a command has no time left for is remembered as failed, so that it is tried again later', async () => {
  const { outcome, saved } = await look({
    spec,
    observation: lateBackups(),
    session: async (stop) => {
      stop.abort(new DOMException('no end within 1800 s', 'TimeoutError'));
      throw new Error('closed');
    },
  });
  const failed = { at: NOW, duty: 'backup', failed: 'no end within 1800 s' };
  expect(outcome).toMatchObject({ deed: failed });
  expect(saved.guard.deeds).toMatchObject([failed]);
});

test('what is stopped from outside has not failed', async () => {
  const stopped = new Error('stopped');
  const { outcome, saved } = await look({
    spec,
    observation: lateBackups(),
    session: async (stop) => {
      stop.abort(stopped);
      throw new Error('closed');
    },
  });
  expect(outcome).toBe(stopped);
  expect(saved.guard.deeds).toEqual([]);
});

test('nobody is led to a zone that does not exist, and the cluster goes on as it was meant to be', async () => {
  const five = specOf(['m0@local-a', 'm1@local-a', 'm2@local-b', 'm3@local-b', 'm4@local-c']);
  const off = powerOff(converged(five), 'm2', 'm3');
  const machines = off.machines.map((m) => ({ ...m, state: 'running' as const }));
  const { outcome, saved } = await look({
    spec: five,
    observation: { ...off, machines },
    memory: { ...nothingSeen, deadSince: { m2: 0, m3: 0 }, deadSeenAt: NOW - 1 },
    elsewhere: ['local-x'],
  });
  expect(outcome).toMatchObject({ deed: { duty: 'replace', failed: expect.stringMatching(/local-x/) } });
  expect(saved.specs).toEqual([]);
});

test('nobody is replaced where there is no room for one more, and the cluster goes on as it was meant to be', async () => {
  const three = specOf(['m0@local-a', 'm1@local-b', 'm2@local-c']);
  const { outcome, saved } = await look({
    spec: three,
    observation: powerOff(converged(three), 'm2'),
    memory: { ...nothingSeen, deadSince: { m2: 0 }, deadSeenAt: NOW - 1 },
    room: 0,
  });
  expect(outcome).toMatchObject({ deed: { duty: 'replace', failed: 'there is no room on this host' } });
  expect(saved.specs).toEqual([]);
});

test('what was seen counts also while another haup is at work', async () => {
  const { outcome, saved } = await look({
    spec,
    observation: lateBackups(),
    busy: () => Promise.reject(new BusyError('cluster demo', null, [])),
  });
  expect(outcome).toMatchObject({ deed: null, waits: [expect.stringMatching(/^another haup is at work: /)] });
  expect(saved.guard).toBe(nothingSeen);
});

describe('who comes back while another haup is at work', () => {
  const three = specOf(['m0@local-a', 'm1@local-b', 'm2@local-c']);
  const whole = converged(three);
  const off = powerOff(whole, 'm1');
  const machines = off.machines.map((m) => ({ ...m, state: 'running' as const }));
  const dead = { spec: three, observation: { ...off, machines } };
  const memory = { ...nothingSeen, deadSince: { m1: 0 }, deadSeenAt: NOW - 1 };

  /** What a look at the whole cluster has to hand on, when the store cannot be told. */
  async function back(): Promise<Unsaved> {
    const busy = () => Promise.reject(new BusyError('cluster demo', null, []));
    const { outcome } = await look({ spec: three, observation: whole, memory, busy });
    return (outcome as GuardOutcome).unsaved!;
  }

  test('has been back at the next look, though the store does not know', async () => {
    const unsaved = await back();
    expect(unsaved).toEqual({ memory: nothingSeen, stored: memory });
    expect((await look({ ...dead, memory })).outcome).toMatchObject({ deed: { duty: 'replace' } });
    const { outcome, saved } = await look({ ...dead, memory, unsaved });
    expect(outcome).toMatchObject({ deed: null });
    expect(outcome).not.toHaveProperty('unsaved');
    expect(saved.guard).toMatchObject({ deadSince: { m1: NOW } });
  });

  test('has been back for a dry run too, which never tells the store', async () => {
    const { outcome, saved } = await look({ spec: three, observation: whole, memory, dryRun: true });
    expect(outcome).toMatchObject({ deed: null, unsaved: { memory: nothingSeen, stored: memory } });
    expect(saved.guard).toBe(memory);
  });

  test('is noted as soon as that can be done, also where the next look shows nothing new', async () => {
    const unsaved = await back();
    const { outcome, saved } = await look({ spec: three, observation: whole, memory, unsaved });
    expect([outcome, saved.guard]).toEqual([{ deed: null, waits: [], seen: null }, nothingSeen]);
  });

  test('counts no more once another guard has noted what it saw', async () => {
    const unsaved = await back();
    const others = { ...memory, deadSeenAt: NOW - 2 };
    const { outcome } = await look({ ...dead, memory: others, unsaved });
    expect(outcome).toMatchObject({ deed: { duty: 'replace' } });
  });
});

test('who is only not listed any more, and lives by the word of the leader, is not replaced', async () => {
  const three = specOf(['m0@local-a', 'm1@local-b', 'm2@local-c']);
  const off = powerOff(converged(three), 'm1');
  const id = off.etcd.members.find(({ name }) => name === 'm1')!.id;
  const others = { targets: off.balancer!.targets.filter((target) => target.replica !== 'm1') };
  const balancer = { ...off.balancer!, ...others };
  let bytes = 0;
  const { outcome, saved } = await look({
    spec: three,
    observation: { ...off, balancer, machines: off.machines.filter(({ name }) => name !== 'm1') },
    memory: { ...nothingSeen, deadSince: { m1: 0 }, deadSeenAt: NOW - 1 },
    received: () => new Map([[id, ++bytes]]),
  });
  expect(outcome).toMatchObject({
    deed: { duty: 'replace', failed: expect.stringMatching(/does not list the machine of m1, but/) },
  });
  expect(saved.specs).toEqual([]);
});

test.each([
  ['comes back', {}],
  ['answers again, and has yet to catch up,', { healthy: false, lags: true }],
])('who %s while a backup is taken is not replaced', async (_, member) => {
  const whole = converged(spec);
  const off = powerOff(whole, 'm1');
  const machines = off.machines.map((m) => ({ ...m, state: 'running' as const }));
  const { outcome, saved } = await look({
    spec,
    observation: { ...off, machines },
    later: withMember(whole, 'm1', member),
    memory: { ...nothingSeen, deadSince: { m1: 0 }, deadSeenAt: NOW - 1 },
    session: () => Promise.reject(new Error('the repository does not answer')),
  });
  expect(outcome).toMatchObject({
    deed: { duty: 'replace', failed: 'm1 has come back: nothing was changed' },
  });
  expect(saved.specs).toEqual([]);
});

test('NOSPACE is cleared by the voters alone while somebody is about to join', async () => {
  const whole = converged(specOf(['m0', 'm1', 'm2']));
  const newcomer = { id: '9', name: 'm3', learner: true, started: false, healthy: false, leader: false };
  const alarms = [{ member: 'm0', alarm: 'NOSPACE' }];
  const calls: string[] = [];
  const { outcome } = await look({
    spec: specOf(['m0', 'm1', 'm2', 'm3']),
    observation: {
      ...whole,
      etcd: { ...whole.etcd, members: [newcomer, ...whole.etcd.members], alarms },
    },
    client: (member) => {
      if (member === 'm3') throw new Error('etcdserver: rpc not supported for learner');
      const call = (what: string) => async () => void calls.push(`${what} ${member}`);
      const status = { leader: '1', revision: '42', dbSize: 1 } as EtcdStatus;
      return {
        ...{ member, status: async () => status, alarms: async () => [{ memberId: '1', alarm: 'NOSPACE' }] },
        ...{ compact: call('compact'), defragment: call('defragment'), disarm: call('disarm') },
      };
    },
  });
  expect(outcome).toMatchObject({ deed: { duty: 'clear-nospace', failed: null } });
  const [first, second, last] = whole.etcd.members
    .toSorted((a, b) => Number(a.leader) - Number(b.leader))
    .map(({ name }) => name);
  expect(calls).toEqual([
    `compact ${first}`,
    ...[first, second, last].map((name) => `defragment ${name}`),
    `disarm ${first}`,
  ]);
});

test('what was over at the look without the lock does not count as having lasted under it', async () => {
  const alone = specOf(['m0', 'm1', 'm2']);
  const whole = converged(alone);
  const off = powerOff(whole, 'm1');
  const { outcome, saved } = await look({
    spec: alone,
    observation: whole,
    locked: off,
    memory: { ...nothingSeen, deadSince: { m1: 0 }, deadSeenAt: NOW - 1, unfinishedSince: 0 },
  });
  expect(outcome).toMatchObject({ deed: null });
  expect(saved.guard).toMatchObject({ deadSince: { m1: NOW }, unfinishedSince: NOW });
});
