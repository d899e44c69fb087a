import { describe, expect, test } from 'vitest';
import {
  abandoned,
  withoutReplicas,
  withReplacements,
  withReplicas,
} from '../../../../src/cluster/plan/spec-changes.ts';
import { converged, nameOf, powerOff, specOf } from '../../../support/clusters.ts';

const spec = specOf(['m0@local-a', 'm1@local-b', 'm2@local-c', 'm3@local-c']);
const healthy = converged(spec);
const names = (s: { replicas: readonly { name: string }[] }): string[] => s.replicas.map((r) => r.name);

describe('adding', () => {
  test('gives each new replica a name that was never used, also not by one that is gone', () => {
    const grown = withReplicas(
      { ...spec, usedNames: [...spec.usedNames, 'm4'] },
      ['local-a', 'local-b'],
      nameOf,
    );
    expect(grown.replicas.slice(4)).toEqual([
      { name: 'm5', zone: 'local-a' },
      { name: 'm6', zone: 'local-b' },
    ]);
    expect(grown.usedNames.slice(-2)).toEqual(['m5', 'm6']);
  });

  test('refuses a second zone in a cluster that was made for one, and says how such clusters are made', () => {
    const single = specOf(['m0@local-a'], { multizone: false });
    expect(() => withReplicas(single, ['local-b'], nameOf)).toThrow('made for one zone (local-a)');
    expect(names(withReplicas(single, ['local-a'], nameOf))).toEqual(['m0', 'm1']);
  });

  test('stops at nine', () => {
    expect(() => withReplicas(spec, Array(6).fill('local-a'), nameOf)).toThrow('at most 9');
  });
});

describe('removing', () => {
  test('refuses the last replica, by name and by zone', () => {
    const one = specOf(['m0@local-a']);
    for (const removal of [{ names: ['m0'] }, { zone: 'local-a', count: 1 }])
      expect(() => withoutReplicas(one, converged(one), removal)).toThrow(
        'the last replica is never removed',
      );
  });

  test('takes what is not healthy first', () => {
    const removal = { zone: undefined, count: 1 };
    expect(names(withoutReplicas(spec, powerOff(healthy, 'm1'), removal))).toEqual(['m0', 'm2', 'm3']);
  });

  test('takes from the fullest zone, the youngest of those who do not lead', () => {
    const removal = { zone: undefined, count: 1 };
    expect(names(withoutReplicas(spec, healthy, removal))).toEqual(['m0', 'm1', 'm2']);
    const members = healthy.etcd.members.map((m) => ({ ...m, leader: m.name === 'm3' }));
    const led = { ...healthy, etcd: { ...healthy.etcd, members } };
    expect(names(withoutReplicas(spec, led, removal))).toEqual(['m0', 'm1', 'm3']);
  });

  test('keeps the spread over zones when it takes two', () => {
    const left = withoutReplicas(spec, healthy, { zone: undefined, count: 2 });
    expect(new Set(left.replicas.map((replica) => replica.zone)).size).toBe(2);
  });

  test('names what there is when asked for what there is not', () => {
    expect(() => withoutReplicas(spec, healthy, { names: ['m9'] })).toThrow(
      /no replica of demo named "m9".*m0/,
    );
    expect(() => withoutReplicas(spec, healthy, { zone: 'local-d', count: 1 })).toThrow(/local-d.*local-/);
    expect(() => withoutReplicas(spec, healthy, { zone: 'local-a', count: 2 })).toThrow(
      'there is 1 to remove',
    );
  });
});

describe('replacing', () => {
  test('puts each successor into the zone, and the place, of the one it succeeds', () => {
    expect(withReplacements(spec, ['m1', 'm3'], nameOf).replicas).toEqual([
      { name: 'm0', zone: 'local-a' },
      { name: 'm4', zone: 'local-b' },
      { name: 'm2', zone: 'local-c' },
      { name: 'm5', zone: 'local-c' },
    ]);
  });
});

describe('abandoning', () => {
  test('settles for the voters: newcomers that are none are given up, leavers that still vote stay', () => {
    const wanted = { ...spec, replicas: [...spec.replicas.slice(0, 3), { name: 'm4', zone: 'local-a' }] };
    expect(names(abandoned(wanted, healthy))).toEqual(['m0', 'm1', 'm2', 'm3']);
  });

  test('does not bring back what has left', () => {
    const left = { ...healthy, etcd: { ...healthy.etcd, members: healthy.etcd.members.slice(1) } };
    expect(names(abandoned(spec, left))).toEqual(['m1', 'm2', 'm3']);
  });

  test('is refused while nobody can say who the voters are', () => {
    expect(() => abandoned(spec, powerOff(healthy, 'm0', 'm1'))).toThrow('nobody can say who its voters are');
  });

  test('is a deletion when there never was a voter', () => {
    expect(
      abandoned(spec, { ...healthy, remembered: { ...healthy.remembered, bootstrapped: false } }).deleting,
    ).toBe(true);
  });
});
