import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { applyChange, type Change } from '../../src/cluster/loop/apply-change.ts';
import { ROTATED } from '../../src/cluster/model/rotated.ts';
import { type ClusterSpec, revisable } from '../../src/cluster/model/spec.ts';
import { next } from '../../src/cluster/plan/next.ts';
import { withNodes, withoutNodes, withReplacedNodes } from '../../src/cluster/plan/nodes/node-changes.ts';
import { type RescueBackup, reprieved, rescued } from '../../src/cluster/plan/rescue.ts';
import { advanced } from '../../src/cluster/plan/rotation.ts';
import {
  abandoned,
  withoutReplicas,
  withReplacements,
  withReplicas,
  withRevision,
  withSurge,
} from '../../src/cluster/plan/spec-changes.ts';
import type { Step } from '../../src/cluster/plan/step.ts';
import { survivorsOf } from '../../src/cluster/plan/survivors.ts';
import { nameOf, specOf } from '../support/clusters.ts';
import { instantly } from '../support/quick-clock.ts';
import { Violation } from '../support/violation.ts';
import { type Fate, Killed, type SaveFate, SimulatedWorld } from '../support/world.ts';

const RUNS = Number(process.env.HAUP_MODEL_RUNS ?? 10_000);
/**
 * The same histories each time, so that a failure is of what was changed; `HAUP_MODEL_SEED=random` looks at others, and a seed with the
 * `HAUP_MODEL_PATH` that was printed at that one again.
 */
const { HAUP_MODEL_SEED = '20261126', HAUP_MODEL_PATH } = process.env;
const sample = {
  numRuns: RUNS,
  ...(HAUP_MODEL_SEED === 'random' ? {} : { seed: Number(HAUP_MODEL_SEED) }),
  ...(HAUP_MODEL_PATH ? { path: HAUP_MODEL_PATH, endOnFailure: true } : {}),
};
const zones = ['local-a', 'local-b', 'local-c'];

/** One command; what may go wrong with haup's own errors does, anything else is a defect. */
async function command(
  world: SimulatedWorld,
  change: Change,
  way: 'change' | 'repair' | 'delete',
): Promise<void> {
  try {
    await applyChange(world, change, {
      dryRun: false,
      emit: () => {},
      mayBeUnfinished: way !== 'change',
      partly: way === 'repair',
      policy: { revive: way === 'repair', renew: {} },
      clock: instantly,
    });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    if (cause instanceof Violation) throw cause;
    const expected = ['ChangeUndone', 'Refusal', 'InputError', 'NotFoundError', 'StepError', 'StoreError'];
    if (cause instanceof Killed || (error instanceof Error && expected.includes(error.name))) return;
    throw error;
  }
}

interface Act {
  readonly what:
    | 'add'
    | 'remove'
    | 'replace'
    | 'add-node'
    | 'remove-node'
    | 'replace-node'
    | 'repair'
    | 'abandon'
    | 'upgrade'
    | 'upgrade-etcd'
    | 'upgrade-broken'
    | 'rotate'
    | 'rotate-finish'
    | 'surge'
    | 'surge-broken'
    | 'rescue'
    | 'back-up'
    | 'age'
    | 'power-off'
    | 'power-on'
    | 'wipe'
    | 'vanish';
  readonly count: number;
  readonly pick: number;
}

const act = fc.record<Act>({
  what: fc.constantFrom(
    'add',
    'add',
    'remove',
    'replace',
    'add-node',
    'add-node',
    'remove-node',
    'replace-node',
    'repair',
    'abandon',
    'upgrade',
    'upgrade-etcd',
    'upgrade-broken',
    'rotate',
    'rotate',
    'rotate-finish',
    'surge',
    'surge-broken',
    'rescue',
    'back-up',
    'age',
    'power-off',
    'power-on',
    'wipe',
    'vanish',
  ),
  count: fc.integer({ min: 1, max: 2 }),
  pick: fc.nat(20),
});
const fates = fc.array(
  fc.constantFrom<Fate>(
    'works',
    'works',
    'works',
    'works',
    'fails',
    'reply-lost',
    'killed-before',
    'killed-within',
    'killed-after',
  ),
  { maxLength: 60 },
);

const saveFates = fc.array(fc.constantFrom<SaveFate>('works', 'works', 'fails', 'reply-lost'), {
  maxLength: 10,
});

/**
 * Not together with a rotation: that is several saves, and what is left between two of them, with a death beside it, is not always something
 * that a repair finishes by itself yet.
 */
function savesOf(acts: readonly Act[], saves: readonly SaveFate[]): SaveFate[] {
  const several = /^rotate/;
  return acts.some(({ what }) => several.test(what)) ? [] : [...saves];
}

/**
 * A successor that does not work and the loss of its predecessor's disk before it has left: all the data is on a machine that was never anything
 * else than broken. That is for a backup.
 */
function survivable(one: Act): Act {
  return one.what === 'surge-broken' ? { ...one, what: 'surge' } : one;
}

async function perform(world: SimulatedWorld, { what, count, pick }: Act): Promise<void> {
  const { replicas, nodes } = world.spec();
  const machines = [...replicas, ...nodes];
  const name = replicas[pick % replicas.length]!.name;
  const victim = machines[pick % machines.length]!.name;
  const zone = zones[pick % zones.length]!;
  switch (what) {
    case 'add':
      return command(world, (spec) => withReplicas(spec, Array<string>(count).fill(zone), nameOf), 'change');
    case 'remove':
      return command(world, (spec, o) => withoutReplicas(spec, o, { zone: undefined, count }), 'change');
    case 'replace':
      return command(world, (spec) => withReplacements(spec, [name], nameOf), 'change');
    case 'add-node':
      return command(world, (spec) => withNodes(spec, Array<string>(count).fill(zone), nameOf), 'change');
    case 'remove-node':
      return command(world, (spec, o) => withoutNodes(spec, o, { zone: undefined, count }), 'change');
    case 'replace-node':
      return command(
        world,
        (spec, o) =>
          withReplacedNodes(
            spec,
            o,
            nodes.slice(0, 1).map((n) => n.name),
            nameOf,
          ),
        'change',
      );
    case 'repair':
      return command(world, reprieved, 'repair');
    case 'abandon':
      return command(world, (spec, o) => abandoned(spec, o), 'repair');
    case 'upgrade':
    case 'upgrade-etcd':
    case 'upgrade-broken':
    case 'surge':
    case 'surge-broken':
      return upgrade(world, what);
    case 'rotate':
    case 'rotate-finish':
      return rotate(world, pick, what === 'rotate-finish');
    case 'rescue':
      return rescueOf(world, pick % 2 === 0);
    case 'back-up':
      return command(world, backedUp, 'change');
    case 'age':
      return world.age();
    case 'power-on':
      return world.powerOn(victim);
    default:
      return world.hurt(what, victim);
  }
}

let changes = 0;

/** The next version; with a broken one no API server starts. */
function upgrade(world: SimulatedWorld, what: Act['what']): Promise<void> {
  const id = `c${++changes}`;
  if (what.endsWith('-broken')) world.broken.add(id);
  const version =
    what === 'upgrade-etcd' ? { etcdVersion: `v3.7.${changes}` } : { kubernetesVersion: `v1.37.${changes}` };
  const by = (spec: ClusterSpec) => ({ ...revisable(spec), ...version });
  const surge = what.startsWith('surge');
  return command(
    world,
    (spec) => (surge ? withSurge(spec, by(spec), id, nameOf) : withRevision(spec, by(spec), id)),
    'change',
  );
}

/** One of them or all, phase by phase, as far as it goes. */
async function rotate(world: SimulatedWorld, pick: number, finish: boolean): Promise<void> {
  const what = pick % 3 === 0 ? ROTATED : [ROTATED[pick % ROTATED.length]!];
  for (let begin = !finish; ; begin = false) {
    const wanted = advanced(world.spec(), { what, finish, begin });
    if (!wanted) return;
    const id = `c${++changes}`;
    await command(world, (spec) => withRevision(spec, wanted, id), 'change');
    if (JSON.stringify(world.spec().generations) !== JSON.stringify(wanted.generations)) return;
    if (world.spec().change) return;
  }
}

/** The rest of what was begun; all of it where the first phase was taken back. */
async function goOn(world: SimulatedWorld, finish: boolean): Promise<void> {
  for (;;) {
    const begin = !finish && world.spec().generations === undefined;
    const wanted = advanced(world.spec(), { what: ROTATED, finish, begin });
    if (!wanted) return;
    const id = `c${++changes}`;
    await command(world, (spec) => withRevision(spec, wanted, id), 'change');
  }
}

/** With `word` the operator says of every machine that is off that it stays off; those that are on are all seen. */
function rescueOf(world: SimulatedWorld, word: boolean): Promise<void> {
  const fenced = word ? world.machines.filter((machine) => !machine.on).map((machine) => machine.name) : [];
  return command(
    world,
    (spec, o) => rescued(spec, o, { fenced, ends: new Map(), backup: backupOf(spec), nameOf }),
    'repair',
  );
}

/** Back it up, or otherwise than before. */
function backedUp(spec: ClusterSpec): ClusterSpec {
  const keep = { allHours: 1, hourlyDays: 1, dailyDays: 30 };
  const generation = (spec.backup?.generation ?? 0) + 1;
  return { ...spec, backup: { to: '/srv/demo', everySeconds: 60, keep, generation } };
}

function backupOf({ backup }: ClusterSpec): RescueBackup | undefined {
  return backup && { id: '0a1b2c3d', taken: '2026-06-01T00:00:00Z', asked: false };
}

/** No step that a plan passes through leaves etcd without a quorum, clients without an answer, or anything behind. */
function expectConverged(world: SimulatedWorld): void {
  const names = world
    .spec()
    .replicas.map((replica) => replica.name)
    .sort();
  expect(world.machines.map((machine) => machine.name).sort()).toEqual(names);
  expect(world.members.map((member) => member.name).sort()).toEqual(names);
  expect(world.members.filter((member) => member.learner)).toEqual([]);
  expect([...(world.balancer?.targets ?? [])].sort()).toEqual(names.length > 1 ? names : []);
  expect(world.holder).toEqual(names.length > 1 ? { kind: 'balancer' } : { kind: 'machine', name: names[0] });
  expect(world.isAvailable()).toBe(true);
  expect(world.due()).toEqual([]);
  const { backup } = world.spec();
  for (const { disk } of world.machines) expect(disk.backup?.generation).toBe(backup?.generation);
  expect(world.spec().change).toBe(undefined);
  expect(names.filter((name) => !world.has(name, world.spec()))).toEqual([]);
  expectNodes(world);
}

/** Every node that is wanted, and no other, has joined and runs pods; Services lead to all of them. */
function expectNodes(world: SimulatedWorld): void {
  const names = world
    .spec()
    .nodes.map((node) => node.name)
    .sort();
  const { machines, objects, routes, serviceNodes } = world.nodes;
  expect(machines.map((machine) => machine.name).sort()).toEqual(names);
  expect(objects.map((node) => node.name).sort()).toEqual(names);
  expect(objects.filter((node) => !world.nodes.isReady(node) || node.cordoned)).toEqual([]);
  expect(routes.map((route) => route.machine).sort()).toEqual(names);
  expect([...serviceNodes].sort()).toEqual(names);
}

describe('the loop in a simulated world', () => {
  test('converges after commands in any order, steps and saves that fail or are cut off, and always keeps quorum and address', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(act, { maxLength: 8 }),
        fates,
        saveFates,
        fc.integer({ min: 1, max: 3 }),
        async (acts, list, saves, size) => {
          const spec = specOf(Array.from({ length: size }, (_, i) => `m${i}@${zones[i]}`));
          const world = new SimulatedWorld(spec);
          const queue = [...list];
          const saveQueue = savesOf(acts, saves);
          world.fate = () => queue.shift() ?? 'works';
          world.saveFate = () => saveQueue.shift() ?? 'works';
          await command(world, (s) => s, 'repair');
          const hurts = ['power-off', 'wipe', 'vanish'];
          for (const a of acts) if (!hurts.includes(a.what)) await perform(world, a);
          world.fate = () => 'works';
          world.saveFate = () => 'works';
          await command(world, reprieved, 'repair');
          if (world.spec().deleting) return void expect(world.deleted).toBe(true);
          expectConverged(world);
        },
      ),
      sample,
    );
  });

  test('breaks no rule whatever dies in between, and converges as soon as a quorum is back', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(act, { maxLength: 10 }),
        fates,
        saveFates,
        fc.integer({ min: 1, max: 5 }),
        async (acts, list, saves, size) => {
          const spec = specOf(Array.from({ length: size }, (_, i) => `m${i}@${zones[i % 3]}`));
          const world = new SimulatedWorld(spec);
          await command(world, (s) => s, 'repair');
          const queue = [...list];
          const saveQueue = savesOf(acts, saves);
          world.fate = () => queue.shift() ?? 'works';
          world.saveFate = () => saveQueue.shift() ?? 'works';
          for (const a of acts) await perform(world, survivable(a));
          world.fate = () => 'works';
          world.saveFate = () => 'works';
          for (const machine of [...world.machines, ...world.nodes.machines]) world.powerOn(machine.name);
          await command(world, reprieved, 'repair');
          if (world.spec().deleting) return void expect(world.deleted).toBe(true);
          if (!world.hasQuorum()) {
            // More disks were lost than a quorum survives: whoever has one left carries on.
            const isLost = survivorsOf(world.spec(), await world.observe(), []).length === 0;
            if (isLost && !world.spec().backup) return;
            await rescueOf(world, false);
            if (!world.hasQuorum()) await rescueOf(world, true);
            expect(world.spec().rescue).toBe(undefined);
          }
          // Replicas whose disk or machine is lost are unhealthy, not unfinished: replacing them heals all. So it does with the survivor
          // of a rescue that had got what was taken back elsewhere.
          const { etcd } = await world.observe();
          const isDead = (name: string) =>
            etcd.members.some((m) => m.name === name && !m.learner && !m.healthy);
          const dead = world
            .spec()
            .replicas.map((r) => r.name)
            .filter((name) => isDead(name) || !(world.spec().change || world.has(name, world.spec())));
          if (dead.length > 0) await command(world, (s) => withReplacements(s, dead, nameOf), 'change');
          const lost = world.nodes.objects
            .filter((node) => !world.nodes.isReady(node))
            .map((node) => node.name);
          if (lost.length > 0)
            await command(world, (s, o) => withReplacedNodes(s, o, lost, nameOf), 'change');
          expectConverged(world);
        },
      ),
      sample,
    );
  });

  test.each([
    ['create one', [], ['m0']],
    ['create three', [], ['m0@a', 'm1@b', 'm2@c']],
    ['one to two', ['m0'], ['m0', 'm1']],
    ['one to three', ['m0'], ['m0', 'm1', 'm2']],
    ['three to five', ['m0', 'm1', 'm2'], ['m0', 'm1', 'm2', 'm3', 'm4']],
    ['five to one', ['m0', 'm1', 'm2', 'm3', 'm4'], ['m3']],
    ['two to one', ['m0', 'm1'], ['m1']],
    ['replace one of three', ['m0', 'm1', 'm2'], ['m0', 'm3', 'm2']],
    ['replace the only one', ['m0'], ['m1']],
  ])('%s: killed at every boundary and in every step, the next run finishes it', async (_, from, to) => {
    const steps = await run(from, to, () => 'works');
    for (let at = 0; at < steps.length; at++) {
      for (const fate of ['killed-before', 'killed-within', 'killed-after', 'fails', 'reply-lost'] as const) {
        let count = 0;
        await run(from, to, () => (count++ === at ? fate : 'works'));
      }
    }
    expect(steps.length).toBeGreaterThan(0);
  });

  test.each(['m1'])(
    'rescue from %s: killed at every boundary and in every step, the next run finishes it, whoever is switched on meanwhile',
    async (survivor) => {
      const lose = async (): Promise<SimulatedWorld> => {
        const world = new SimulatedWorld(specOf(['m0', 'm1', 'm2', 'm3', 'm4']));
        await command(world, (s) => s, 'repair');
        // One more is alive, and is no majority with the survivor.
        for (const { name } of world.machines)
          if (name !== survivor && name !== 'm3') world.hurt('power-off', name);
        return world;
      };
      const rescue = (world: SimulatedWorld) => {
        const fenced = world.machines.flatMap(({ name, on }) => (on ? [] : [name]));
        const ends = new Map([[survivor, { commit: 9n, writtenAt: 0 }]]);
        return command(world, (spec, o) => rescued(spec, o, { fenced, ends, nameOf }), 'repair');
      };
      const whole = await lose();
      const before = whole.done.length;
      await rescue(whole);
      expectConverged(whole);
      expect(whole.done.map(({ kind }) => kind)).toContain('force-new-cluster');
      for (let at = 0; at < whole.done.length - before; at++) {
        for (const fate of [
          'killed-before',
          'killed-within',
          'killed-after',
          'fails',
          'reply-lost',
        ] as const) {
          const world = await lose();
          let count = 0;
          world.fate = () => (count++ === at ? fate : 'works');
          await rescue(world);
          world.fate = () => 'works';
          const gaveUp = world.spec().rescue === undefined;
          if (gaveUp) for (const { name } of world.machines) world.powerOn(name);
          await command(world, reprieved, 'repair');
          expectConverged(world);
          expect(world.spec().replicas.map(({ name }) => name)).toContain(survivor);
        }
      }
    },
  );

  test('rescue from a backup: killed at every boundary and in every step, the next run finishes it, whoever is switched on meanwhile', async () => {
    const lose = async (): Promise<SimulatedWorld> => {
      const world = new SimulatedWorld(backedUp(specOf(['m0', 'm1', 'm2'])));
      await command(world, (s) => s, 'repair');
      world.hurt('wipe', 'm0');
      world.hurt('power-off', 'm1');
      world.hurt('vanish', 'm2');
      return world;
    };
    const whole = await lose();
    const before = whole.done.length;
    await rescueOf(whole, true);
    expectConverged(whole);
    expect(whole.done.map(({ kind }) => kind)).toContain('restore-etcd');
    for (let at = 0; at < whole.done.length - before; at++) {
      for (const fate of ['killed-before', 'killed-within', 'killed-after', 'fails', 'reply-lost'] as const) {
        const world = await lose();
        let count = 0;
        world.fate = () => (count++ === at ? fate : 'works');
        await rescueOf(world, true);
        world.fate = () => 'works';
        for (const { name } of world.machines) world.powerOn(name);
        await command(world, reprieved, 'repair');
        expectConverged(world);
      }
    }
  });

  test('renewing, killed at every boundary and in every step, is finished by the next run', async () => {
    const nodes = ['n0', 'n1'].map((name) => ({ name, zone: 'local-a' }));
    const usedNames = ['m0', 'm1', 'm2', 'n0', 'n1'];
    for (let at = 0; at < 5; at++) {
      for (const fate of ['killed-before', 'killed-after', 'fails', 'reply-lost'] as const) {
        const world = new SimulatedWorld(specOf(['m0', 'm1', 'm2'], { nodes, usedNames }));
        await command(world, (s) => s, 'repair');
        const [before, leader] = [
          world.done.length,
          (await world.observe()).etcd.members.find((m) => m.leader)!,
        ];
        world.age();
        let count = 0;
        world.fate = () => (count++ === at ? fate : 'works');
        await command(world, (s) => s, 'repair');
        await command(world, (s) => s, 'repair');
        const steps = world.done.slice(before);
        expect(new Set(steps.map(({ kind }) => kind))).toEqual(
          new Set(['refresh-certificates', 'renew-node']),
        );
        const replicas = steps.filter(({ kind }) => kind === 'refresh-certificates');
        expect(steps.slice(0, replicas.length)).toEqual(replicas);
        expect(replicas.at(-1)).toMatchObject({ replica: leader.name });
        expectConverged(world);
      }
    }
  });

  test.each([
    ['one master', ['m0']],
    ['three masters and two nodes', ['m0', 'm1', 'm2']],
  ])(
    'rotating all of %s, killed at every boundary, goes on after a repair, to the end',
    async (_, replicas) => {
      const nodes = replicas.length > 1 ? ['n0', 'n1'].map((name) => ({ name, zone: 'local-a' })) : [];
      const usedNames = [...replicas, ...nodes.map(({ name }) => name)];
      // Which phase there is decides what is left to do; so each boundary of all of them is one of these.
      for (let at = 0, ended = false; !ended; at++) {
        const world = new SimulatedWorld(specOf(replicas, { nodes, usedNames }));
        await command(world, (s) => s, 'repair');
        let count = 0;
        world.fate = () => (count++ === at ? 'killed-after' : 'works');
        for (const finish of [false, true]) {
          await rotate(world, 0, finish);
          await command(world, (s) => s, 'repair');
          expectConverged(world);
          await goOn(world, finish);
          expectConverged(world);
        }
        expect(world.spec().generations).toEqual(Object.fromEntries(ROTATED.map((what) => [what, [2]])));
        ended = count <= at;
      }
    },
  );

  test('a Node object that somebody has deleted is back after any command, killed at every boundary and in every step', async () => {
    const nodes = ['n0', 'n1'].map((name) => ({ name, zone: 'local-a' }));
    for (const fate of ['works', 'killed-before', 'killed-within', 'killed-after', 'fails'] as const) {
      const world = new SimulatedWorld(specOf(['m0'], { nodes, usedNames: ['m0', 'n0', 'n1'] }));
      await command(world, (s) => s, 'repair');
      world.nodes.objects = world.nodes.objects.slice(1);
      let count = 0;
      world.fate = () => (count++ === 0 ? fate : 'works');
      await command(world, (s) => s, 'repair');
      await command(world, (s) => s, 'repair');
      const { objects } = world.nodes;
      expect(objects.map((node) => [node.name, world.nodes.isReady(node)]).sort()).toEqual([
        ['n0', true],
        ['n1', true],
      ]);
    }
  });

  test('delete, killed at every boundary, leaves nothing', async () => {
    for (let at = 0; at < 12; at++) {
      const world = new SimulatedWorld(specOf(['m0', 'm1', 'm2']));
      await command(world, (s) => s, 'repair');
      let count = 0;
      world.fate = () => (count++ === at ? 'killed-after' : 'works');
      await command(world, (s) => ({ ...s, deleting: true }), 'delete');
      await command(world, (s) => s, 'delete');
      expect(world).toMatchObject({ deleted: true, machines: [], balancer: null, ip: null, network: false });
    }
  });
});

async function run(from: string[], to: string[], fate: () => Fate): Promise<readonly Step[]> {
  const target = specOf(to).replicas;
  const world = new SimulatedWorld(specOf(from.length ? from : to));
  if (from.length > 0) await command(world, (s) => s, 'repair');
  const before = world.done.length;
  world.fate = fate;
  const usedNames = [...new Set([...from, ...to].map((text) => text.split('@')[0]!))];
  await command(world, (s) => ({ ...s, replicas: target, usedNames }), from.length > 0 ? 'change' : 'repair');
  world.fate = () => 'works';
  if (world.spec().replicas !== target && from.length > 0) throw new Error('the change was refused');
  await command(world, (s) => s, 'repair');
  expectConverged(world);
  expect(next(world.spec(), await world.observe())).toEqual({ steps: [], blocked: [] });
  return world.done.slice(before);
}
