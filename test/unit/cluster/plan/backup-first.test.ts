import { expect, test } from 'vitest';
import { type ClusterSpec, revisable } from '../../../../src/cluster/model/spec.ts';
import { backupFirst } from '../../../../src/cluster/plan/backup-first.ts';
import { withRevision } from '../../../../src/cluster/plan/spec-changes.ts';
import { converged, lines, planFor, powerOff, specOf } from '../../../support/clusters.ts';
import { emptyRevision } from '../../../support/revisions.ts';

const keep = { allHours: 1, hourlyDays: 1, dailyDays: 30 };
const backup = { to: '/srv/demo', everySeconds: 60, keep, generation: 1 };
const three = specOf(['m0', 'm1', 'm2'], { backup });
const before = (after: ClusterSpec, now: ClusterSpec = three) => {
  const o = converged(now);
  const seen = { ...emptyRevision, kubernetesVersion: 'v1.0.0', etcdVersion: 'v3.0.0' };
  const machines = o.machines.map((m) => ({ ...m, inside: { ...m.inside!, revision: seen } }));
  const wanted = Object.fromEntries(
    after.replicas.map(({ name }) => [name, { ...seen, etcdVersion: 'v3.1.0' }]),
  );
  return backupFirst(now, planFor(after, { ...o, machines, wanted: after.change ? wanted : undefined }));
};

test('a backup goes before members change, if one can be had', () => {
  expect(before({ ...three, replicas: three.replicas.slice(0, 1) })).toBe('tried');
  expect(before({ ...specOf(['m0', 'm1', 'm2', 'm3']), backup })).toBe('tried');
});

test('before replicas are changed there has to be one', () => {
  expect(before(withRevision(three, revisable(three), 'c1'))).toBe('needed');
});

test('none goes before anything else, and none where there are no backups', () => {
  expect(before(three)).toBe(null);
  expect(before({ ...three, deleting: true }, { ...three, deleting: true })).toBe(null);
  const { backup: _, ...without } = three;
  expect(before(withRevision(without, revisable(without), 'c1'), without)).toBe(null);
  expect(backupFirst(three, planFor(three))).toBe(null);
});

test('none goes before a rescue: of what has no quorum none can be had', () => {
  const rescue = { survivor: 'm0', fenced: ['m1', 'm2'], heard: null };
  const usedNames = ['m0', 'm1', 'm2', 'm3', 'm4'];
  const spec = { ...specOf(['m0', 'm3', 'm4'], { usedNames, rescue }), backup };
  const plan = planFor(spec, powerOff(converged(three), 'm1', 'm2'));
  expect(lines(plan)).toContain('add-learner m3');
  expect(backupFirst(spec, plan)).toBe(null);
});
