import { expect, test } from 'vitest';
import { nothing, type Observation } from '../../../../../src/cluster/model/observation.ts';
import type { ClusterSpec } from '../../../../../src/cluster/model/spec.ts';
import { next } from '../../../../../src/cluster/plan/next.ts';
import { keepBackups } from '../../../../../src/cluster/plan/rules/backup.ts';
import { simulate } from '../../../../../src/cluster/plan/step.ts';
import { withInside, withMember } from '../../../../../src/cluster/plan/steps/effects.ts';
import { view } from '../../../../../src/cluster/plan/view.ts';
import { specOf } from '../../../../support/clusters.ts';

const spec: ClusterSpec = specOf(['m0@local-a', 'm1@local-b', 'm2@local-c']);
const keep = { allHours: 1, hourlyDays: 1, dailyDays: 30 };
const withBackup = (generation: number): ClusterSpec => ({
  ...spec,
  backup: { to: '/srv/demo', everySeconds: 60, keep, generation },
});

/** What is done in which order, and where that ends. */
function walk(wanted: ClusterSpec, from: Observation) {
  const kinds: string[] = [];
  let at = from;
  for (;;) {
    const { steps } = next(wanted, at);
    if (steps.length === 0) return { at, kinds };
    for (const step of steps) {
      kinds.push('replica' in step ? `${step.kind} ${step.replica}` : step.kind);
      at = simulate(step, at);
    }
  }
}

test('every master is told, last of all, anew when anything is another, and is untold', () => {
  const made = walk(withBackup(1), nothing);
  expect(made.kinds.slice(-3).sort()).toEqual(['set-up-backup m0', 'set-up-backup m1', 'set-up-backup m2']);
  expect(walk(withBackup(1), made.at).kinds).toEqual([]);
  expect(walk(withBackup(2), made.at).kinds).toHaveLength(3);
  expect(walk(spec, made.at).kinds).toEqual(['stop-backup m0', 'stop-backup m1', 'stop-backup m2']);
});

test('nobody is told who is no voter, or is not in place yet', () => {
  const made = walk(spec, nothing).at;
  const told = (o: Observation) =>
    keepBackups(view(withBackup(1), o, { revive: false })).map((step) => 'replica' in step && step.replica);
  expect(told(made)).toEqual(['m0', 'm1', 'm2']);
  expect(told(withMember(made, 'm1', { learner: true }))).toEqual(['m0', 'm2']);
  expect(told(withInside(made, 'm2', { provisioned: false }))).toEqual(['m0', 'm1']);
});

test('with nobody left a new machine is made ready while all others are fenced, and gets a backup', () => {
  const { at } = walk(withBackup(1), nothing);
  const lost: Observation = {
    ...at,
    machines: at.machines.map((machine) => ({ ...machine, inside: { ...machine.inside!, etcd: 'stopped' } })),
    etcd: { readable: false, members: [], quorum: 'lost' },
  };
  const wanted: ClusterSpec = {
    ...withBackup(1),
    replicas: ['n0', 'n1', 'n2'].map((name, i) => ({ name, zone: spec.replicas[i]!.zone })),
    usedNames: ['m0', 'm1', 'm2', 'n0', 'n1', 'n2'],
    rescue: {
      survivor: 'n0',
      fenced: [],
      heard: null,
      backup: { id: '0a1b2c3d', taken: '2026-11-25T12:00:00Z' },
    },
  };
  const first = next(wanted, lost).steps.map(({ kind }) => kind);
  expect(first.sort()).toEqual(['create-machine', 'fence', 'fence', 'fence']);
  const { kinds } = walk(wanted, lost);
  const order = [
    'provision n0',
    'set-up-backup n0',
    'restore-etcd n0',
    'create-machine n1',
    'delete-machine m0',
  ];
  const places = order.map((kind) => kinds.indexOf(kind));
  expect(places).toEqual(places.toSorted((a, b) => a - b));
  expect(places[0]).toBeGreaterThan(0);
});
