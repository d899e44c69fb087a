import { describe, expect, test } from 'vitest';
import { nothing, type Observation } from '../../../../src/cluster/model/observation.ts';
import type { ClusterSpec } from '../../../../src/cluster/model/spec.ts';
import { withInside, withMember } from '../../../../src/cluster/plan/steps/effects.ts';
import {
  founder,
  isHealthyVoter,
  isServing,
  isVoter,
  type Replica,
  type View,
  view,
} from '../../../../src/cluster/plan/view.ts';
import { converged, powerOff, specOf } from '../../../support/clusters.ts';

const spec = specOf(['m0@local-a', 'm1@local-b', 'm2@local-c']);
const healthy = converged(spec);

function seen(o: Observation, wanted: ClusterSpec = spec): View {
  return view(wanted, o, { revive: false });
}

function names(list: readonly Replica[]): string[] {
  return list.map(({ name }) => name);
}

function m1(o: Observation): Replica {
  return seen(o).replicas.find(({ name }) => name === 'm1')!;
}

describe('what every rule looks at', () => {
  test('has each name once, whether the spec, the cloud or etcd says it', () => {
    const machines = healthy.machines.filter(({ name }) => name !== 'm2');
    const v = seen({ ...healthy, machines }, specOf(['m0@local-a', 'm3@local-b']));
    expect(names(v.replicas)).toEqual(['m0', 'm3']);
    expect(names(v.orphans)).toEqual(['m1', 'm2']);
  });

  test('takes the zone from the spec first: a machine may have been made in another', () => {
    const moved = specOf(['m0@local-b']);
    const zones = Object.fromEntries([
      ...seen(healthy, moved).replicas.map(({ name, zone }) => [name, zone]),
      ...seen(healthy, moved).orphans.map(({ name, zone }) => [name, zone]),
    ]);
    expect(zones).toEqual({ m0: 'local-b', m1: 'local-b', m2: 'local-c' });
  });

  test('has nothing of the inside of a machine that does not run, though it was looked into before', () => {
    const machines = healthy.machines.map((m) => ({ ...m, state: 'stopped' as const }));
    expect(m1({ ...healthy, machines }).inside).toBeNull();
    expect(m1(healthy).inside).not.toBeNull();
  });

  test('has as joiners whom etcd does not list, which is everybody before there is an etcd', () => {
    const grown = specOf(['m0', 'm1', 'm2', 'm3']);
    expect(names(seen(healthy, grown).joiners)).toEqual(['m3']);
    expect(names(seen(nothing).joiners)).toEqual(['m0', 'm1', 'm2']);
  });

  test('has no joiners while nobody could be asked who the members are', () => {
    expect(names(seen({ ...healthy, etcd: { readable: false, members: [] } }).joiners)).toEqual([]);
  });

  test('has a founder, the first of the spec, until etcd exists', () => {
    expect(founder(seen(nothing))?.name).toBe('m0');
    expect(founder(seen(healthy))).toBeUndefined();
  });
});

describe('a replica', () => {
  test('votes if etcd lists it and it is no learner any more', () => {
    expect(isVoter(m1(healthy))).toBe(true);
    expect(isVoter(m1(withMember(healthy, 'm1', { learner: true })))).toBe(false);
    expect(isVoter(m1(nothing))).toBe(false);
  });

  test('is a healthy voter if it votes and answers', () => {
    expect(isHealthyVoter(m1(healthy))).toBe(true);
    expect(isHealthyVoter(m1(powerOff(healthy, 'm1')))).toBe(false);
    expect(isHealthyVoter(m1(withMember(healthy, 'm1', { learner: true })))).toBe(false);
  });

  test('serves if its API server is ready and its member votes: only then it gets traffic', () => {
    expect(isServing(m1(healthy))).toBe(true);
    expect(isServing(m1(withInside(healthy, 'm1', { apiServer: 'unready' })))).toBe(false);
    expect(isServing(m1(withMember(healthy, 'm1', { healthy: false })))).toBe(false);
    expect(isServing(m1(powerOff(healthy, 'm1')))).toBe(false);
  });
});
