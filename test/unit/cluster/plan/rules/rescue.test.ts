import { describe, expect, test } from 'vitest';
import type { Observation } from '../../../../../src/cluster/model/observation.ts';
import type { ClusterSpec } from '../../../../../src/cluster/model/spec.ts';
import { next } from '../../../../../src/cluster/plan/next.ts';
import { rescue } from '../../../../../src/cluster/plan/rules/rescue.ts';
import { withInside } from '../../../../../src/cluster/plan/steps/effects.ts';
import { view } from '../../../../../src/cluster/plan/view.ts';
import { converged, powerOff, specOf } from '../../../../support/clusters.ts';

const before = specOf(['m0@local-a', 'm1@local-b', 'm2@local-c']);
const rescuing = wishing('m0', ['m0', 'n3', 'n4'], 'm1', 'm2');
const lost = powerOff(converged(before), 'm1', 'm2');
const forced = { kind: 'force-new-cluster', replica: 'm0' };
const revive = { revive: true };

function wishing(survivor: string, replicas: readonly string[], ...fenced: readonly string[]): ClusterSpec {
  return specOf(replicas, {
    usedNames: ['m0', 'm1', 'm2', 'n3', 'n4'],
    rescue: { survivor, fenced: [...fenced], heard: null },
  });
}

function change(o: Observation, names: readonly string[], to: Partial<Observation['machines'][number]>) {
  return { ...o, machines: o.machines.map((m) => (names.includes(m.name) ? { ...m, ...to } : m)) };
}

/** Machines that run and that nobody can look into. */
function hidden(...names: readonly string[]): Observation {
  return change(lost, names, { state: 'running', inside: null });
}

/** m1 and m2 run on, apart from each other. */
const apart: Observation = { ...lost, machines: converged(before).machines };

function words(spec: ClusterSpec, o: Observation): string {
  return JSON.stringify(next(spec, o, revive).blocked);
}

describe('a survivor', () => {
  test('becomes a cluster of one when all others are stopped, disabled or gone, and nothing else is done until it is', () => {
    expect(next(rescuing, lost, revive)).toEqual({ steps: [forced], blocked: [] });
    const disabled = withInside(apart, 'm1', { etcd: 'disabled' });
    const machines = disabled.machines.filter(({ name }) => name !== 'm2');
    expect(next(rescuing, { ...disabled, machines }, revive)).toEqual({ steps: [forced], blocked: [] });
  });

  test('is not asked for where nobody wished it, and no more once it is done', () => {
    expect(rescue(view(before, lost, revive))).toBeUndefined();
    expect(rescue(view(rescuing, { ...lost, rescued: true }, revive))).toBeUndefined();
  });

  test('waits for everybody whose etcd is meant to run: they are fenced first, whether it runs or not', () => {
    const o = withInside(apart, 'm2', { etcd: 'stopped' });
    expect(next(rescuing, o, revive)).toEqual({
      steps: [
        { kind: 'fence', replica: 'm1' },
        { kind: 'fence', replica: 'm2' },
      ],
      blocked: [],
    });
  });

  test('is fenced from newcomers too, which were made for another quorum', () => {
    const newcomer = { ...apart.machines[1]!, name: 'n3' };
    const { steps } = next(rescuing, { ...lost, machines: [...lost.machines, newcomer] }, revive);
    expect(steps).toEqual([{ kind: 'fence', replica: 'n3' }]);
  });

  test('has its expired certificates renewed, and nobody else', () => {
    const newcomer = { ...apart.machines[1]!, name: 'n3' };
    const expired = ['m0', 'n3'].reduce<Observation>(
      (o, name) => withInside(o, name, { certificateSecondsLeft: -1 }),
      { ...lost, machines: [...lost.machines, newcomer] },
    );
    expect(next(rescuing, expired, revive).steps).toEqual([
      { kind: 'renew-certificates', replica: 'm0' },
      { kind: 'fence', replica: 'n3' },
    ]);
  });

  test('gives nothing up after etcd has found a quorum again', () => {
    const { steps, blocked } = next(rescuing, converged(before), revive);
    expect(steps).toEqual([]);
    expect(blocked).toMatchObject([
      { message: expect.stringMatching(/quorum again, with m0, m1, m2/), advice: { command: 'repair' } },
    ]);
  });
});

describe('somebody who runs and cannot be reached', () => {
  test('stops it, while the others are fenced: a second cluster would live on beside it', () => {
    const spec = wishing('m0', ['m0', 'n3', 'n4']);
    const o = change(apart, ['m1'], { inside: null });
    expect(next(spec, o, revive)).toMatchObject({
      steps: [{ kind: 'fence', replica: 'm2' }],
      blocked: [{ message: expect.stringMatching(/^m1 is switched on/) }],
    });
  });

  test('is named, with what to do about one and about several', () => {
    const spec = wishing('m0', ['m0', 'n3', 'n4']);
    const one = words(spec, hidden('m1'));
    expect(one).toContain('m1 is switched on and cannot be reached: with it the old cluster could live on');
    expect(one).toContain('stop or delete it in the cloud');
    expect(one).toContain('or say that it stays away');
    const two = words(spec, hidden('m1', 'm2'));
    expect(two).toContain('m1, m2 are switched on and cannot be reached: with them the old cluster');
    expect(two).toContain('stop or delete them in the cloud');
    expect(two).toContain('or say that they stay away');
  });

  test('does not stop it by the operator’s word, which holds for whom it names alone', () => {
    expect(next(rescuing, hidden('m1', 'm2'), revive).steps).toEqual([forced]);
    const { steps, blocked } = next(wishing('m0', ['m0', 'n3', 'n4'], 'm1'), hidden('m1', 'm2'), revive);
    expect(steps).toEqual([]);
    expect(blocked).toMatchObject([
      { message: expect.stringMatching(/^m2 is switched on/), advice: [{}, { fenced: ['m2'] }] },
    ]);
  });
});

describe('a survivor that was lost as well', () => {
  const unfit: readonly (readonly [string, Observation, ClusterSpec])[] = [
    ['lost its machine', { ...lost, machines: lost.machines.filter(({ name }) => name !== 'm0') }, rescuing],
    ['cannot be reached', hidden('m0'), rescuing],
    ['lost its data', withInside(lost, 'm0', { etcdData: false }), rescuing],
    ['has data and nothing to run it with', withInside(lost, 'm0', { provisioned: false }), rescuing],
    ['is not wanted any more', lost, wishing('m0', ['n3', 'n4'])],
  ];
  test.each(unfit)('stops all, and another is to be chosen: %s', (_, o, spec) => {
    expect(next(spec, o, revive)).toMatchObject({
      steps: [],
      blocked: [
        { message: expect.stringMatching(/^m0, .* cannot be reached or has lost its data/), passing: true },
      ],
    });
  });

  test('is started again, if it only stopped, by who may start machines', () => {
    const stopped = powerOff(lost, 'm0');
    expect(next(rescuing, stopped, revive).steps).toEqual([{ kind: 'start-machine', replica: 'm0' }]);
    expect(next(rescuing, stopped).steps).toEqual([]);
  });
});

describe('a rescue with a survivor', () => {
  const keep = { allHours: 1, hourlyDays: 0, dailyDays: 0 };
  const backup = { to: '/backups', everySeconds: 300, keep, generation: 2 };

  test('waits for nothing that it does not need: no address, and no set-up of backups', () => {
    expect(next({ ...rescuing, backup }, { ...lost, address: null }, revive).steps).toEqual([forced]);
  });
});

describe('a rescue from a backup', () => {
  const keep = { allHours: 1, hourlyDays: 0, dailyDays: 0 };
  const backup = { to: '/backups', everySeconds: 300, keep, generation: 2 };
  const taken = { id: 'b7', taken: '2026-11-25T09:00:00Z' };
  const spec = specOf(['n3@local-a', 'n4@local-b'], {
    usedNames: ['m0', 'm1', 'm2', 'n3', 'n4'],
    rescue: { survivor: 'n3', fenced: ['m0', 'm1', 'm2'], heard: null, backup: taken },
  });
  const machine = { ...lost.machines[0]!, name: 'n3' };
  const off = powerOff(lost, 'm0');
  const having = (change: Partial<typeof machine>) => ({
    ...off,
    machines: [...off.machines, { ...machine, ...change }],
  });
  const ready = withInside(having({}), 'n3', { etcd: 'disabled', etcdData: false });
  const steps = (o: Observation, wanted: ClusterSpec = spec) =>
    next(wanted, o, revive).steps.map((step) =>
      'replica' in step ? `${step.kind} ${step.replica}` : step.kind,
    );

  test('makes a machine, and all that it needs to be given data, one after the other', () => {
    expect(steps(off)).toEqual(['create-machine n3']);
    expect(steps({ ...off, address: null })).toEqual(['reserve-address', 'create-machine n3']);
    expect(steps(having({ state: 'stopped', inside: null }))).toEqual(['start-machine n3']);
    expect(steps(having({ inside: null }))).toEqual(['provision n3']);
    expect(steps({ ...having({ inside: null }), address: null })).toEqual(['reserve-address']);
    expect(steps(withInside(ready, 'n3', { provisioned: false }))).toEqual(['provision n3']);
    expect(steps(ready)).toEqual(['restore-etcd n3']);
  });

  test('fences whoever runs meanwhile, and gives no data before', () => {
    const awake = (o: Observation): Observation => ({
      ...o,
      machines: [...o.machines.slice(1), apart.machines[0]!],
    });
    expect(steps(awake(off)).sort()).toEqual(['create-machine n3', 'fence m0']);
    expect(steps(awake(ready))).toEqual(['fence m0']);
  });

  test('has who cannot be reached restarted, not stopped or deleted: it may have what the backup has not', () => {
    const seen = having({});
    const machines = seen.machines.map((m) =>
      m.name === 'm0' ? { ...m, state: 'running' as const, inside: null } : m,
    );
    const wanted = { ...spec, rescue: { ...spec.rescue!, fenced: ['m1', 'm2'] } };
    expect(next(wanted, { ...seen, machines }, revive).blocked).toMatchObject([
      {
        message: expect.stringMatching(/^m0 is switched on and cannot be reached/),
        advice: [expect.stringMatching(/^restart it in the cloud/), { fenced: ['m0'] }],
      },
    ]);
  });

  test('tells it first how etcd is backed up from now on, where it is', () => {
    const wanted = { ...spec, backup };
    expect(steps(ready, wanted)).toEqual(['set-up-backup n3']);
    const since = (generation: number) =>
      withInside(ready, 'n3', { backup: { generation, last: null, failure: null } });
    expect(steps(since(1), wanted)).toEqual(['set-up-backup n3']);
    expect(steps(since(2), wanted)).toEqual(['restore-etcd n3']);
  });
});
