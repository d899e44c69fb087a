import { describe, expect, test } from 'vitest';
import type { Refusal } from '../../../../src/cluster/model/errors.ts';
import type { Observation } from '../../../../src/cluster/model/observation.ts';
import { type ClusterSpec, revisable } from '../../../../src/cluster/model/spec.ts';
import {
  abandoned,
  withoutReplicas,
  withReplacements,
  withReplicas,
  withRevision,
  withSurge,
} from '../../../../src/cluster/plan/spec-changes.ts';
import { withInside, withMember } from '../../../../src/cluster/plan/steps/effects.ts';
import { converged, nameOf, powerOff, specOf } from '../../../support/clusters.ts';

const spec = specOf(['m0@local-a', 'm1@local-b', 'm2@local-c', 'm3@local-c']);
const healthy = converged(spec);
function thrownBy(work: () => unknown): Refusal {
  try {
    work();
  } catch (error) {
    return error as Refusal;
  }
  throw new Error('nothing was refused');
}

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
    const remedy = (of: ClusterSpec, zones: string[]) =>
      thrownBy(() => withReplicas(of, zones, nameOf)).remedies[0];
    expect(remedy(single, ['local-b'])).toMatchObject({ cluster: 'NAME', switches: ['multizone'] });
    const none = { ...single, replicas: [] };
    expect(remedy(none, ['local-a', 'local-b'])).toMatchObject({ cluster: 'demo', switches: ['multizone'] });
  });

  test('stops at nine', () => {
    expect(() => withReplicas(spec, Array(6).fill('local-a'), nameOf)).toThrow('at most 9');
    expect(withReplicas(spec, Array(5).fill('local-a'), nameOf).replicas).toHaveLength(9);
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

  test('says so of one and of several', () => {
    const [two, one] = [specOf(['m0', 'm1']), specOf(['m0'])];
    const last = (of: ClusterSpec) =>
      thrownBy(() => withoutReplicas(of, converged(of), { names: names(of) })).message;
    expect(last(one)).toMatch(/^m0 is all that demo has/);
    expect(last(two)).toMatch(/^m0, m1 are all that demo has/);
  });

  const choose = (o: Observation, of = spec, zone?: string, count = 1) =>
    names(of).filter((name) => !names(withoutReplicas(of, o, { zone, count })).includes(name));

  test('takes one whose API server is not ready, or whose etcd is not healthy, before others', () => {
    expect(choose(withInside(healthy, 'm0', { apiServer: 'unready' }))).toEqual(['m0']);
    expect(choose(withMember(healthy, 'm1', { healthy: false }))).toEqual(['m1']);
  });

  test('takes nobody for the reason alone that he could not be seen', () => {
    const hidden = withMember(withInside(healthy, 'm0', { apiServer: 'unready' }), 'm0', {
      ...{ healthy: false, unseen: true },
    });
    expect(choose(hidden)).toEqual(['m3']);
  });

  test('takes from the zone that was said, however full another is', () => {
    expect(choose(healthy, spec, 'local-b')).toEqual(['m1']);
    expect(choose(healthy, spec, 'local-c', 2)).toEqual(['m2', 'm3']);
  });

  test('takes from the zone that is the fullest after those that it took', () => {
    const full = specOf(['m0@local-a', 'm1@local-a', 'm2@local-b', 'm3@local-b', 'm4@local-b']);
    expect(choose(converged(full), full, undefined, 2)).toEqual(['m3', 'm4']);
    expect(choose(converged(full), full, undefined, 3)).toEqual(['m1', 'm3', 'm4']);
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
      /^there is 1 to remove in local-a, not 2$/,
    );
    expect(() => withoutReplicas(spec, healthy, { zone: undefined, count: 5 })).toThrow(
      /^there are 4 to remove, not 5$/,
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

  test('keeps no learner, and no voter of whom nobody knows where it is', () => {
    expect(names(abandoned(spec, withMember(healthy, 'm1', { learner: true })))).toEqual(['m0', 'm2', 'm3']);
    const smaller = { ...spec, replicas: spec.replicas.slice(0, 3) };
    expect(abandoned(smaller, healthy).replicas.at(-1)).toEqual({ name: 'm3', zone: 'local-c' });
    const nowhere = { ...healthy, machines: healthy.machines.slice(0, 3) };
    expect(names(abandoned(smaller, nowhere))).toEqual(['m0', 'm1', 'm2']);
  });

  test('keeps the replicas in their order, and who returns comes after them', () => {
    const members = healthy.etcd.members.toReversed();
    const turned = { ...healthy, etcd: { ...healthy.etcd, members } };
    expect(names(abandoned(spec, turned))).toEqual(['m0', 'm1', 'm2', 'm3']);
    const last = { ...spec, replicas: spec.replicas.slice(2) };
    expect(names(abandoned(last, healthy))).toEqual(['m2', 'm3', 'm0', 'm1']);
  });

  test('of a deletion goes on with that, whatever has become of etcd', () => {
    const deleting = { ...spec, deleting: true };
    for (const o of [healthy, powerOff(healthy, 'm0', 'm1')])
      expect(abandoned(deleting, o)).toEqual(deleting);
  });

  test('is refused with what can be done: mend what keeps haup from looking, or bring a majority back', () => {
    const lost = powerOff(healthy, 'm0', 'm1');
    const refused = (quorum: 'held' | 'unknown' | 'lost') =>
      thrownBy(() => abandoned(spec, { ...lost, etcd: { ...lost.etcd, quorum } }));
    expect(refused('lost').remedies).toMatchObject([{ command: 'repair' }, { command: 'rescue' }, {}]);
    for (const quorum of ['held', 'unknown'] as const) {
      expect(refused(quorum).message).toMatch(/cannot look at .*so nobody can say who its voters are/);
      expect(refused(quorum).remedies).toEqual([
        expect.stringContaining('mend what keeps haup from looking'),
      ]);
    }
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

describe('a change of what is on the replicas, when it is abandoned', () => {
  const patched = withRevision(spec, { ...revisable(spec), kubernetesVersion: 'v1.37.9' }, 'c1');

  test('becomes the change back, which knows that it is one', () => {
    const back = abandoned(patched, healthy);
    expect(back).toMatchObject({
      kubernetesVersion: 'v1.37.1',
      change: { id: 'c1r', before: { kubernetesVersion: 'v1.37.9' }, returns: true },
    });
  });

  test('a second time, stays the change back', () => {
    const back = abandoned(patched, healthy);
    expect(abandoned(back, healthy)).toEqual(back);
  });

  test('and is taken back already, goes on as it is', () => {
    for (const back of ['m1', null]) {
      const taken = { ...patched, change: { ...patched.change!, back } };
      expect(abandoned(taken, healthy)).toEqual(taken);
    }
  });

  test('is refused once all voters are on a new minor of etcd, and says to go on', () => {
    const older = specOf(['m0'], { etcdVersion: 'v3.6.16' });
    const newer = withRevision(older, { ...revisable(older), etcdVersion: 'v3.7.3' }, 'c1');
    const on = withInside(converged(older), 'm0', { begun: 'c1' });
    const { message, remedies } = thrownBy(() => abandoned(newer, on));
    expect(message).toContain('v3.6.16 does not read the data');
    expect(remedies[0]).toMatchObject({ command: 'repair' });
    expect(abandoned(newer, converged(older))).toMatchObject({ etcdVersion: 'v3.6.16' });

    const several = specOf(['m0', 'm1', 'm2'], { etcdVersion: 'v3.6.16' });
    const rolling = withRevision(several, { ...revisable(several), etcdVersion: 'v3.7.3' }, 'c1');
    const two = ['m0', 'm1'].reduce((o, name) => withInside(o, name, { change: 'c1' }), converged(several));
    expect(abandoned(rolling, two)).toMatchObject({ etcdVersion: 'v3.6.16' });
    // The third may be on it as well.
    expect(() => abandoned(rolling, powerOff(two, 'm2'))).toThrow('v3.6.16 does not read the data');
  });

  test('by a successor, leaves the one before it there, as long as that votes', () => {
    const one = specOf(['m0@local-a']);
    const surge = withSurge(one, { ...revisable(one), kubernetesVersion: 'v1.37.9' }, 'c1', () => 'm1');
    const both = converged(specOf(['m0@local-a', 'm1@local-a']));
    expect(abandoned(surge, both)).toEqual({ ...one, usedNames: ['m0', 'm1'] });
    const left = { ...both, etcd: { ...both.etcd, members: both.etcd.members.slice(1) } };
    const alone = abandoned(surge, { ...left, machines: left.machines.slice(1) });
    expect(names(alone)).toEqual(['m1']);
    const gone = { ...both, etcd: { ...both.etcd, members: both.etcd.members.slice(0, 1) } };
    expect(names(abandoned(surge, gone))).toEqual(['m0']);
  });

  test('by a successor takes over from a single replica, and from none of several', () => {
    const surged = (of: ClusterSpec) => withSurge(of, revisable(of), 'c1', nameOf);
    expect(surged(specOf(['m0'])).change?.surge).toEqual({ name: 'm0', zone: 'local-a' });
    expect(() => surged(specOf(['m0', 'm1']))).toThrow('from a single replica; demo has 2');
    expect(() => surged({ ...spec, replicas: [] })).toThrow('from a single replica; demo has 0');
  });
});
