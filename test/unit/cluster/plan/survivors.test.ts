import { describe, expect, test } from 'vitest';
import type { Observation } from '../../../../src/cluster/model/observation.ts';
import { withInside, withMember, withMembers } from '../../../../src/cluster/plan/steps/effects.ts';
import { revivable, survivorsOf } from '../../../../src/cluster/plan/survivors.ts';
import { converged, specOf } from '../../../support/clusters.ts';
import { apart, hidden, lostOf, without } from '../../../support/lost.ts';

const three = specOf(['m0@local-a', 'm1@local-b', 'm2@local-c']);
const five = specOf(['m0', 'm1', 'm2', 'm3', 'm4']);

describe('who could live on', () => {
  const o = converged(five);
  test.each<readonly [string, Observation, readonly string[]]>([
    [
      'are all who have the data, in order of names',
      { ...o, machines: o.machines.toReversed() },
      ['m0', 'm1', 'm2', 'm3', 'm4'],
    ],
    ['is nobody whose data is gone', withInside(o, 'm1', { etcdData: false }), ['m0', 'm2', 'm3', 'm4']],
    ['is nobody without programs', withInside(o, 'm1', { provisioned: false }), ['m0', 'm2', 'm3', 'm4']],
    ['is nobody who does not answer', hidden(o, 'm1', 'm2'), ['m0', 'm3', 'm4']],
    [
      'is no learner, whose data may be half',
      withMember(o, 'm1', { learner: true }),
      ['m0', 'm2', 'm3', 'm4'],
    ],
    ['are those too whom no list names any more', withMembers(o, []), ['m0', 'm1', 'm2', 'm3', 'm4']],
  ])('%s', (_, seen, names) => {
    expect(survivorsOf(five, seen, [])).toEqual(names);
  });

  test('is nobody of whom the operator says that it stays away', () => {
    expect(survivorsOf(five, o, ['m0', 'm3'])).toEqual(['m1', 'm2', 'm4']);
  });

  test('is nobody whom a rescue has given up, though its machine runs again with its data', () => {
    expect(survivorsOf({ givenUp: ['m1', 'm4'] }, o, [])).toEqual(['m0', 'm2', 'm3']);
  });
});

describe('a majority that could be started again', () => {
  const four = specOf(['m0', 'm1', 'm2', 'm3']);
  const leaving = specOf(['m0', 'n3', 'n4']);

  test('is more than half: two of four are none', () => {
    const asleep = withInside(lostOf(four, 'm1', 'm2', 'm3'), 'm0', { etcd: 'stopped' });
    expect(revivable(four, without(asleep, 'm2', 'm3'), [])).toEqual([]);
    expect(revivable(four, without(asleep, 'm3'), [])).toEqual(['m0', 'm1', 'm2']);
  });

  test('counts nobody whom the spec does not want: nobody starts that', () => {
    expect(revivable(leaving, lostOf(three, 'm1', 'm2'), [])).toEqual([]);
    expect(revivable(specOf(['m0', 'm2']), lostOf(three, 'm1', 'm2'), [])).toEqual(['m2']);
  });

  test('counts a machine that runs only with the data that it had', () => {
    const stopped = withInside(without(apart(three), 'm2'), 'm1', { etcd: 'stopped' });
    expect(revivable(three, stopped, [])).toEqual(['m1']);
    expect(revivable(three, withInside(stopped, 'm1', { etcdData: false }), [])).toEqual([]);
    expect(revivable(three, withInside(stopped, 'm1', { provisioned: false }), [])).toEqual([]);
  });

  test('is one of the voters, whoever learns or is wanted beside them', () => {
    const learning = ['m3', 'm4'].reduce(
      (o, name) => withMember(o, name, { learner: true }),
      without(lostOf(five, 'm1', 'm2', 'm3', 'm4'), 'm2', 'm3', 'm4'),
    );
    expect(revivable(five, learning, [])).toEqual(['m1']);
    const alone = withInside(without(lostOf(three, 'm1', 'm2'), 'm1', 'm2'), 'm0', { etcd: 'stopped' });
    expect(revivable(specOf(['m0']), alone, [])).toEqual([]);
  });

  test('is one of those whom the spec wants, where nobody knows a member', () => {
    expect(revivable(three, withMembers(lostOf(three, 'm1', 'm2'), []), [])).toEqual(['m1', 'm2']);
  });
});
