import { expect, test } from 'vitest';
import { revisable } from '../../../../src/cluster/model/spec.ts';
import { isOn, isPastReturn } from '../../../../src/cluster/plan/no-return.ts';
import { withRevision } from '../../../../src/cluster/plan/spec-changes.ts';
import { withInside, withMachine } from '../../../../src/cluster/plan/steps/effects.ts';
import { converged, specOf } from '../../../support/clusters.ts';

const old = specOf(['m0', 'm1', 'm2'], { etcdVersion: 'v3.6.16' });
const newer = withRevision(old, { ...revisable(old), etcdVersion: 'v3.7.3' }, 'c1');
const on = (...names: string[]) =>
  names.reduce((o, name) => withInside(o, name, { change: 'c1' }), converged(old));

test('a change is past its return when the last voter runs the new minor of etcd', () => {
  expect(isPastReturn(newer, on())).toBe(false);
  expect(isPastReturn(newer, on('m0', 'm1'))).toBe(false);
  expect(isPastReturn(newer, on('m0', 'm1', 'm2'))).toBe(true);
});

test('who cannot be seen may be on it, unless nobody is seen to be', () => {
  const blind = (o: ReturnType<typeof on>) =>
    withMachine(o, { ...o.machines.find(({ name }) => name === 'm2')!, inside: null });
  expect(isPastReturn(newer, blind(on('m0', 'm1')))).toBe(true);
  expect(isPastReturn(newer, blind(on()))).toBe(false);
});

test('it is the voters that count: not who learns, nor who is wanted and has no vote', () => {
  const member = on().etcd.members[0]!;
  const learner = { ...member, id: '9', name: 'm9', learner: true, leader: false };
  const among = (o: ReturnType<typeof on>, members: typeof o.etcd.members) => ({
    ...o,
    etcd: { ...o.etcd, members },
  });
  const all = on('m0', 'm1', 'm2');
  const machine = { ...converged(old).machines[0]!, name: 'm9' };
  expect(isPastReturn(newer, among(withMachine(all, machine), [...all.etcd.members, learner]))).toBe(true);
  const two = on('m0', 'm1');
  expect(isPastReturn(newer, among(two, two.etcd.members.slice(0, 2)))).toBe(true);
  // Where etcd does not answer, it is those who are wanted.
  expect(isPastReturn(newer, among(two, []))).toBe(false);
  expect(isPastReturn(newer, among(all, []))).toBe(true);
});

test('while nobody at all can be seen, nobody is known to be on it', () => {
  const blind = on('m0', 'm1', 'm2');
  const machines = blind.machines.map((machine) => ({ ...machine, inside: null }));
  expect(isPastReturn(newer, { ...blind, machines })).toBe(false);
});

test('patch releases, other changes and none at all have their way back', () => {
  const patch = withRevision(old, { ...revisable(old), etcdVersion: 'v3.6.17' }, 'c1');
  const kubernetes = withRevision(old, { ...revisable(old), kubernetesVersion: 'v1.38.0' }, 'c1');
  for (const spec of [patch, kubernetes, old]) expect(isPastReturn(spec, on('m0', 'm1', 'm2'))).toBe(false);
});

test('a replica is on a change that it has, or that was cut off on it', () => {
  const { inside } = converged(old).machines[0]!;
  const { change } = newer;
  expect(isOn(inside, change!)).toBe(false);
  expect(isOn({ ...inside!, change: 'c1' }, change!)).toBe(true);
  expect(isOn({ ...inside!, begun: 'c1' }, change!)).toBe(true);
  expect(isOn(null, change!)).toBe(false);
});
