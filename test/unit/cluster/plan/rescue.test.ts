import { describe, expect, test } from 'vitest';
import { InputError, Refusal } from '../../../../src/cluster/model/errors.ts';
import type { MachineObservation, Observation } from '../../../../src/cluster/model/observation.ts';
import type { ClusterSpec } from '../../../../src/cluster/model/spec.ts';
import { next } from '../../../../src/cluster/plan/next.ts';
import {
  givenUpBy,
  isBack,
  type RescueRequest,
  reprieved,
  rescued,
} from '../../../../src/cluster/plan/rescue.ts';
import { abandoned } from '../../../../src/cluster/plan/spec-changes.ts';
import { withInside, withMember, withMembers } from '../../../../src/cluster/plan/steps/effects.ts';
import { type LogEnd, ofThisCluster, revivable } from '../../../../src/cluster/plan/survivors.ts';
import { converged, lines, planFor, specOf } from '../../../support/clusters.ts';
import { apart, hidden, lostOf, without } from '../../../support/lost.ts';

const three = specOf(['m0@local-a', 'm1@local-b', 'm2@local-c']);
const five = specOf(['m0', 'm1', 'm2', 'm3', 'm4']);
const nameOf = (_: string, used: readonly string[]): string => `n${used.length}`;

function rescue(spec: ClusterSpec, o: Observation, request: Partial<RescueRequest> = {}): ClusterSpec {
  return rescued(spec, o, { fenced: [], ends: new Map(), nameOf, ...request });
}

function end(commit: bigint): LogEnd {
  return { commit, writtenAt: Date.parse('2026-11-25T10:00:00.5Z') };
}

/** Nobody can say whether there is a quorum. */
function unsure(o: Observation): Observation {
  return { ...o, etcd: { ...o.etcd, readable: false, quorum: 'unknown' } };
}

function thrownBy(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
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

  test('lives on in nobody whom a rescue before it has given up, however far its log goes', () => {
    const after = {
      ...specOf(['m0', 'm3', 'm4']),
      usedNames: ['m0', 'm1', 'm2', 'm3', 'm4'],
      givenUp: ['m1', 'm2'],
    };
    const lost = without(lostOf(after, 'm3', 'm4'), 'm3', 'm4');
    const back = converged(three).machines.filter(({ name }) => name === 'm1');
    const o = { ...lost, machines: [...lost.machines, ...back] };
    const ends = new Map([
      ['m0', end(7n)],
      ['m1', end(900_000n)],
    ]);
    expect(rescue(after, o, { ends }).rescue?.survivor).toBe('m0');
    expect(() => rescue(after, without(o, 'm0'), { ends })).toThrow(/no replica of demo answers/);
  });

  test('takes no name that the cluster does not have', () => {
    expect(() => rescue(three, lostOf(three, 'm1', 'm2'), { fenced: ['m9'] })).toThrow(/no replica of demo/);
  });
});

describe('a rescue is refused', () => {
  const lost = lostOf(three, 'm1', 'm2');
  const back = converged(three);
  const never = { ...lost, remembered: { ...lost.remembered, bootstrapped: false } };
  const wish = { survivor: 'm0', fenced: ['m1', 'm2'], heard: null };
  const status = { command: 'status', cluster: 'demo' };

  test.each<readonly [string, ClusterSpec, Observation, RegExp, object]>([
    [
      'while the cluster is being deleted',
      { ...three, deleting: true },
      lost,
      /is being deleted/,
      { command: 'delete' },
    ],
    ['where etcd has never been', three, never, /has no etcd yet/, { command: 'repair' }],
    ['where there is a quorum', three, back, /nothing to rescue/, [{ command: 'repair' }, status]],
    [
      'where there is one again, though the wish is there',
      { ...three, rescue: wish },
      back,
      /nothing to rescue/,
      [{ command: 'repair' }, status],
    ],
    [
      'while a majority is switched on and out of sight',
      three,
      unsure(hidden(lost, 'm1', 'm2')),
      /nobody can say/,
      [status, { command: 'rescue', fenced: ['m1', 'm2'] }],
    ],
    [
      'while a majority runs',
      three,
      apart(three),
      /\(m0, m1, m2\), which do not find each other/,
      [/TCP 2380/, status],
    ],
  ])('%s', (_, spec, o, words, advice) => {
    const error = thrownBy(() => rescue(spec, o)) as Refusal;
    expect(error).toBeInstanceOf(o === never ? InputError : Refusal);
    expect(error.message).toMatch(words);
    const remedies = Array.isArray(advice) ? advice : [advice];
    expect(error.remedies).toHaveLength(remedies.length);
    for (const [index, remedy] of remedies.entries()) {
      if (remedy instanceof RegExp) expect(error.remedies[index]).toMatch(remedy);
      else expect(error.remedies[index]).toMatchObject(remedy);
    }
  });

  const nobody = (state: MachineObservation['state']) => ({
    ...lost,
    machines: lost.machines.map((m) => ({
      ...m,
      state: m.name === 'm2' ? ('stopped' as const) : state,
      inside: null,
    })),
  });

  test('where nobody answers with data, and names the machines that are switched on', () => {
    const fenced = ['m2'];
    const on = thrownBy(() => rescue(three, nobody('running'), { fenced })) as Refusal;
    expect(on.message).toMatch(/^no replica of demo answers/);
    expect(on.remedies[0]).toContain('mend what keeps haup from m0, m1, then');
    const off = thrownBy(() => rescue(three, nobody('stopped'), { fenced: ['m0', 'm1', 'm2'] })) as Refusal;
    expect(off.remedies[0]).toContain('bring one of the machines back');
  });
});

describe('a rescue is not refused', () => {
  const four = specOf(['m0', 'm1', 'm2', 'm3']);

  test('by half that runs: that is no majority', () => {
    expect(rescue(four, without(apart(four), 'm2', 'm3')).rescue?.survivor).toBe('m0');
  });

  test('by who runs and stays away, as the operator says', () => {
    expect(rescue(three, apart(three), { fenced: ['m1', 'm2'] }).rescue?.survivor).toBe('m0');
  });

  test('by machines out of sight where etcd itself says that it has no quorum', () => {
    const o = hidden(lostOf(three, 'm1', 'm2'), 'm1', 'm2');
    expect(rescue(three, o).rescue?.survivor).toBe('m0');
  });

  test('where nobody can say, by half that is out of sight, or by who is not switched on', () => {
    const half = unsure(hidden(without(apart(four), 'm1'), 'm2', 'm3'));
    expect(rescue(four, half).rescue?.survivor).toBe('m0');
    expect(rescue(three, unsure(lostOf(three, 'm1', 'm2')))).toBe(three);
    const one = unsure(hidden(without(apart(three), 'm2'), 'm1'));
    expect(rescue(three, one).rescue?.survivor).toBe('m0');
  });
});

describe('the survivor', () => {
  const two = without(lostOf(five, 'm0', 'm1', 'm2'), 'm0', 'm1', 'm2');
  const same = new Map([
    ['m3', end(7n)],
    ['m4', end(7n)],
  ]);

  test('is the first by name of those who have seen as much', () => {
    expect(rescue(five, two, { ends: same }).rescue?.survivor).toBe('m3');
  });

  test('is rather a member than one whom etcd has removed', () => {
    const removed = withMembers(
      two,
      two.etcd.members.filter(({ name }) => name !== 'm3'),
    );
    expect(rescue(five, removed, { ends: same }).rescue?.survivor).toBe('m4');
  });

  test('has heard nothing that anybody knows, where its log could not be read', () => {
    const unread = new Map([['m3', { commit: null, writtenAt: null }]]);
    expect(rescue(five, without(two, 'm4'), { ends: unread }).rescue).toMatchObject({
      survivor: 'm3',
      heard: null,
    });
  });

  test('keeps its own place, whoever else was in its zone', () => {
    const after = rescue(five, two, { ends: new Map([['m4', end(9n)]]) });
    expect(after.replicas.map(({ name }) => name)).toEqual(['n5', 'n6', 'n7', 'n8', 'm4']);
    expect(after.usedNames).toEqual([...five.usedNames, 'n5', 'n6', 'n7', 'n8']);
  });

  test('takes a place in its zone where it was on its way out, or the first if there is none', () => {
    const lost = lostOf(three, 'm0', 'm1', 'm2');
    const lastOne = (zone: string): Observation => ({
      ...lost,
      machines: converged(three)
        .machines.filter(({ name }) => name === 'm2')
        .map((m) => ({ ...m, zone })),
    });
    const leaving = specOf(['n3@local-a', 'n4@local-b', 'n5@local-c'], {
      usedNames: ['m0', 'm1', 'm2', 'n3', 'n4', 'n5'],
    });
    expect(rescue(leaving, lastOne('local-b')).replicas).toEqual([
      { name: 'n6', zone: 'local-a' },
      { name: 'm2', zone: 'local-b' },
      { name: 'n7', zone: 'local-c' },
    ]);
    expect(rescue(leaving, lastOne('local-d')).replicas).toEqual([
      { name: 'm2', zone: 'local-d' },
      { name: 'n6', zone: 'local-b' },
      { name: 'n7', zone: 'local-c' },
    ]);
  });
});

describe('a backup', () => {
  const taken = '2026-11-25T09:00:00Z';
  const b1 = { id: 'b1', taken, asked: false };
  const asked = { ...b1, asked: true };
  const lost = lostOf(three, 'm1', 'm2');
  const fenced = ['m1', 'm2'];
  const nobody = without(lost, 'm0');

  test('is restored where nobody survived: all are new, in the zones of before', () => {
    const after = rescue(three, nobody, { fenced, backup: b1 });
    expect(after).toMatchObject({
      replicas: [
        { name: 'n3', zone: 'local-a' },
        { name: 'n4', zone: 'local-b' },
        { name: 'n5', zone: 'local-c' },
      ],
      usedNames: ['m0', 'm1', 'm2', 'n3', 'n4', 'n5'],
      rescue: { survivor: 'n3', fenced, heard: taken, backup: { id: 'b1', taken } },
    });
  });

  describe('does not take the place of who has only stopped, and may have every write', () => {
    const stopped = without(lostOf(three, 'm0', 'm1', 'm2'), 'm1', 'm2');
    const refused = (spec: ClusterSpec, o: Observation, names: string[] = []) =>
      thrownBy(() => rescue(spec, o, { fenced: names, backup: b1 })) as Refusal;

    test('it is to be started, or given up by name', () => {
      const error = refused(three, stopped, ['m1']);
      expect(error).toBeInstanceOf(Refusal);
      expect(error.message).toBe('m0 is stopped and may have what no backup has');
      expect(error.remedies).toEqual([
        { to: 'start it, then try again', command: 'repair', cluster: 'demo' },
        { to: 'or say that it stays away', command: 'rescue', cluster: 'demo', fenced: ['m1', 'm0'] },
        expect.objectContaining({ setting: 'backup' }),
      ]);
      expect(lines(planFor(three, stopped, revive))[0]).toBe('start-machine m0');
    });

    test('nor of several, who are named', () => {
      const two = without(lostOf(five, ...five.usedNames), 'm0', 'm2', 'm4');
      const error = refused(five, two);
      expect(error.message).toMatch(/^m1, m3 are stopped/);
      expect(error.remedies).toMatchObject([
        { to: 'start them, then try again' },
        { to: 'or say that they stay away' },
        {},
      ]);
    });

    test('nor of one that was on its way out, which no repair starts', () => {
      const leaving = specOf(['n3', 'n4', 'n5'], { usedNames: ['m0', 'm1', 'm2', 'n3', 'n4', 'n5'] });
      const error = refused(leaving, withMembers(stopped, []));
      expect(error.remedies[0]).toBe('start it in the cloud, then try again');
    });

    test('but of who stays away, as the operator says, or was given up before, or only learns', () => {
      const restored = { backup: { id: 'b1' } };
      expect(rescue(three, stopped, { fenced: ['m0'], backup: b1 }).rescue).toMatchObject(restored);
      const given = { ...specOf(['n3']), usedNames: ['m0', 'n3'], givenUp: ['m0'] };
      expect(rescue(given, stopped, { backup: b1 }).rescue).toMatchObject(restored);
      const learner = withMember(stopped, 'm0', { learner: true });
      expect(rescue(three, learner, { backup: b1 }).rescue).toMatchObject(restored);
    });

    test('nor is anybody asked where the operator names the backup', () => {
      expect(rescue(three, stopped, { backup: asked }).rescue).toMatchObject({ backup: { id: 'b1' } });
    });
  });

  test('is not restored where somebody survived, unless the operator asks for it', () => {
    expect(rescue(three, lost, { fenced, backup: b1 }).rescue).toMatchObject({ survivor: 'm0' });
    expect(rescue(three, lost, { fenced, backup: b1 }).rescue).not.toHaveProperty('backup');
    expect(rescue(three, lost, { fenced, backup: asked }).rescue).toMatchObject({ backup: { id: 'b1' } });
  });

  test.each<readonly [string, number[] | undefined, number[] | undefined]>([
    ['the key of before, where there was one', [2], [2, 1]],
    ['no key that never was', [1], [1]],
    ['all keys of before, however often they were rotated', [4], [4, 3, 2, 1]],
    ['those of before two that are at work', [2, 3], [2, 3, 1]],
    ['those that are at work, where there were no others', [2, 1], [2, 1]],
    ['no more keys than a spec may have', [102], Array.from({ length: 100 }, (_, n) => 102 - n)],
    ['nothing where keys were never rotated', undefined, undefined],
  ])('is read with %s', (_, encryption, expected) => {
    const spec = encryption ? { ...three, generations: { encryption } } : three;
    expect(rescue(spec, nobody, { fenced, backup: b1 }).generations?.encryption).toEqual(expected);
  });
});

describe('a rescue that is under way', () => {
  const lost = lostOf(three, 'm1', 'm2');
  const fenced = ['m1', 'm2'];
  const begun = rescue(three, lost, { fenced });
  const backup = { id: 'b1', taken: '2026-11-25T09:00:00Z', asked: true };
  const restoring = rescue(three, lost, { fenced, backup });

  test('goes on with its survivor, and with what more the operator says', () => {
    const on = rescue(begun, lost, { fenced: ['m2'] });
    expect(on).toEqual(begun);
    const less = { ...begun, rescue: { ...begun.rescue!, fenced: ['m1'] } };
    expect(rescue(less, lost, { fenced: ['m2', 'm1'] }).rescue?.fenced).toEqual(['m1', 'm2']);
  });

  test('chooses another where its survivor is lost as well', () => {
    const after = rescue(begun, without(apart(three), 'm0', 'm2'));
    expect(after.rescue?.survivor).toBe('m1');
    expect(after.replicas.map(({ name }) => name)).toContain('m1');
  });

  test('takes no backup for a survivor that is lost as well, unless it is asked for', () => {
    const keep = { allHours: 1, hourlyDays: 0, dailyDays: 0 };
    const backedUp = { ...begun, backup: { to: '/backups', everySeconds: 300, keep, generation: 1 } };
    const nobody = without(lost, 'm0');
    const refused = (spec: ClusterSpec) => thrownBy(() => rescue(spec, nobody, { fenced })) as Refusal;
    expect(refused(begun).message).toContain('it has no backup');
    expect(refused(begun).remedies).not.toContainEqual(expect.objectContaining({ setting: 'backup' }));
    expect(refused(backedUp).message).toContain('only where it is asked for');
    expect(refused(backedUp).remedies).toContainEqual(expect.objectContaining({ setting: 'backup' }));
    expect(rescue(backedUp, nobody, { fenced, backup }).rescue?.backup?.id).toBe('b1');
  });

  test('from a backup goes on with that, or with the other that is asked for', () => {
    expect(rescue(restoring, lost)).toEqual(restoring);
    expect(rescue(restoring, lost, { backup })).toEqual(restoring);
    expect(rescue(restoring, lost, { backup: { ...backup, id: 'b2', asked: false } })).toEqual(restoring);
    const other = rescue(restoring, lost, { backup: { ...backup, id: 'b2' } });
    expect(other.rescue).toMatchObject({ survivor: 'n6', backup: { id: 'b2' } });
  });

  test('turns to a backup that is asked for, and asks no more whether the quorum is lost', () => {
    const o = without(unsure(hidden(lost, 'm1', 'm2')), 'm0');
    expect(rescue(begun, o, { backup }).rescue).toMatchObject({ backup: { id: 'b1' } });
  });

  test('is over by itself only where others than the survivor are members, by a list that a quorum has given', () => {
    const back = converged(three);
    const alone = withMembers(back, back.etcd.members.slice(0, 1));
    expect([back, alone, apart(three)].map((o) => isBack(begun.rescue!, o))).toEqual([true, false, false]);
    expect(reprieved(begun, alone)).toBe(begun);
    expect(reprieved(three, back)).toBe(three);
  });
});
