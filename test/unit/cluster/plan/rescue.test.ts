import { describe, expect, test } from 'vitest';
import type { Observation } from '../../../../src/cluster/model/observation.ts';
import type { ClusterSpec } from '../../../../src/cluster/model/spec.ts';
import { next } from '../../../../src/cluster/plan/next.ts';
import {
  givenUpBy,
  type LogEnd,
  ofThisCluster,
  type RescueRequest,
  reprieved,
  rescued,
  revivable,
} from '../../../../src/cluster/plan/rescue.ts';
import { abandoned } from '../../../../src/cluster/plan/spec-changes.ts';
import { withInside } from '../../../../src/cluster/plan/steps/effects.ts';
import { converged, lines, planFor, powerOff, specOf } from '../../../support/clusters.ts';

const three = specOf(['m0@local-a', 'm1@local-b', 'm2@local-c']);
const five = specOf(['m0', 'm1', 'm2', 'm3', 'm4']);
const nameOf = (_: string, used: readonly string[]): string => `n${used.length}`;

function lostOf(spec: ClusterSpec, ...names: string[]): Observation {
  return powerOff(converged(spec), ...names);
}

/** Machines that are switched on and that nobody reaches. */
function hidden(o: Observation, ...names: string[]): Observation {
  const machines = o.machines.map((m) =>
    names.includes(m.name) ? { ...m, state: 'running' as const, inside: null } : m,
  );
  return { ...o, machines };
}

function rescue(spec: ClusterSpec, o: Observation, request: Partial<RescueRequest> = {}): ClusterSpec {
  return rescued(spec, o, { fenced: [], ends: new Map(), nameOf, ...request });
}

function end(commit: bigint): LogEnd {
  return { commit, writtenAt: Date.parse('2026-11-25T10:00:00.5Z') };
}

const revive = { revive: true };

describe('a lost quorum', () => {
  test('comes back by starting machines where that is enough, and nothing is given up', () => {
    const o = lostOf(three, 'm1', 'm2');
    expect(revivable(three, o, [])).toEqual(['m1', 'm2']);
    expect(rescue(three, o)).toBe(three);
    expect(lines(planFor(three, o, revive))).toEqual([
      'start-machine m1',
      'start-machine m2',
      'start-control-plane m0',
    ]);
  });

  test('is given up where the operator says that who is switched off stays so', () => {
    const o = lostOf(three, 'm1', 'm2');
    const after = rescue(three, o, { fenced: ['m1', 'm2'], ends: new Map([['m0', end(7n)]]) });
    expect(after).toMatchObject({
      replicas: [
        { name: 'm0', zone: 'local-a' },
        { name: 'n3', zone: 'local-b' },
        { name: 'n4', zone: 'local-c' },
      ],
      rescue: { survivor: 'm0', fenced: ['m1', 'm2'], heard: '2026-11-25T10:00:00Z' },
    });
    const plan = planFor(after, o, revive);
    expect(plan.blocked).toEqual([]);
    expect(lines(plan)[0]).toBe('force-new-cluster m0');
    expect(plan.warnings[0]).toMatch(/accepted after 2026-11-25T10:00:00Z are lost for ever/);
    const { machines, etcd } = plan.end;
    expect(machines.map(({ name }) => name).sort()).toEqual(['m0', 'n3', 'n4']);
    expect(etcd.members.map(({ name, learner }) => [name, learner])).toEqual(
      ['m0', 'n3', 'n4'].map((name) => [name, false]),
    );
  });

  test('lives on in who has seen most, whose rivals are fenced first', () => {
    const o = lostOf(five, 'm0', 'm1', 'm2');
    const gone = { ...o, machines: o.machines.filter(({ state }) => state === 'running') };
    const after = rescue(five, gone, {
      ends: new Map([
        ['m3', end(7n)],
        ['m4', end(9n)],
      ]),
    });
    expect(after.rescue?.survivor).toBe('m4');
    expect(lines(planFor(after, gone, revive)).slice(0, 2)).toEqual(['fence m3', 'force-new-cluster m4']);
    const unread = new Map([
      ['m3', end(0n)],
      ['m4', { commit: null, writtenAt: null }],
    ]);
    expect(rescue(five, gone, { ends: unread }).rescue?.survivor).toBe('m3');
  });

  test('is not given up while somebody of it is switched on and out of reach, unless the operator vouches for that', () => {
    const o = hidden(lostOf(three, 'm1', 'm2'), 'm1');
    const gone = { ...o, machines: o.machines.filter(({ name }) => name !== 'm2') };
    const careless = rescue(three, gone);
    expect(next(careless, gone, revive)).toMatchObject({
      steps: [],
      blocked: [{ message: expect.stringContaining('m1'), advice: [{}, { fenced: ['m1'] }] }],
    });
    const after = rescue(careless, gone, { fenced: ['m1'] });
    expect(after.usedNames).toEqual(careless.usedNames);
    expect(next(after, gone, revive).steps).toEqual([{ kind: 'force-new-cluster', replica: 'm0' }]);
  });

  test('with nobody left is refused, and says what could help', () => {
    const o = lostOf(three, 'm0', 'm1', 'm2');
    expect(() => rescue(three, o, { fenced: ['m0', 'm1', 'm2'] })).toThrow(/no replica of demo answers/);
  });

  test('is none where there is a quorum, or where nobody can tell', () => {
    expect(() => rescue(three, converged(three))).toThrow(/has a quorum/);
    const o = lostOf(three, 'm1', 'm2');
    const held = { ...o, etcd: { ...o.etcd, quorum: 'held' as const } };
    expect(() => rescue(three, held, { fenced: ['m1', 'm2'] })).toThrow(/has a quorum/);
    const unknown = hidden({ ...o, etcd: { ...o.etcd, quorum: 'unknown' as const } }, 'm1', 'm2');
    expect(() => rescue(three, unknown)).toThrow(/nobody can say/);
    expect(rescue(three, unknown, { fenced: ['m1', 'm2'] }).rescue?.survivor).toBe('m0');
  });

  test('is none where a majority runs and its members do not find each other', () => {
    const o = converged(three);
    const apart = { ...o, etcd: { ...o.etcd, readable: false } };
    expect(() => rescue(three, apart)).toThrow(/do not find each other/);
  });

  test('that is back before it was given up is kept, and all that was to go is replaced one by one', () => {
    const o = lostOf(three, 'm1', 'm2');
    const after = rescue(three, o, { fenced: ['m1', 'm2'] });
    const back = converged(three);
    expect(next(after, back, revive)).toMatchObject({
      steps: [],
      blocked: [{ message: expect.stringMatching(/quorum again/) }],
    });
    expect(reprieved(after, o)).toBe(after);
    expect(reprieved(after, back)).not.toHaveProperty('rescue');
    expect(abandoned(after, back)).toMatchObject({ replicas: three.replicas });
    expect(abandoned(after, back)).not.toHaveProperty('rescue');
  });

  test('does not stand in the way of expired certificates, which are renewed first', () => {
    const o = withInside(lostOf(three, 'm1', 'm2'), 'm0', { certificateSecondsLeft: -1 });
    const after = rescue(three, o, { fenced: ['m1', 'm2'] });
    const plan = planFor(after, o, revive);
    expect(lines(plan).slice(0, 2)).toEqual(['renew-certificates m0', 'force-new-cluster m0']);
    expect(plan.blocked).toEqual([]);
  });

  test('leaves out for ever whom it has given up, however many of them run again', () => {
    const o = lostOf(three, 'm1', 'm2');
    const { rescue: _, ...after } = rescue(three, o, { fenced: ['m1', 'm2'] });
    const spec = { ...after, givenUp: givenUpBy(after) };
    expect(spec.givenUp).toEqual(['m1', 'm2']);
    expect(ofThisCluster(spec, converged(three).machines).map(({ name }) => name)).toEqual(['m0']);
    expect(ofThisCluster(after, converged(three).machines)).toHaveLength(3);
  });

  test('takes no name that the cluster does not have', () => {
    expect(() => rescue(three, lostOf(three, 'm1', 'm2'), { fenced: ['m9'] })).toThrow(/no replica of demo/);
  });
});
