import { describe, expect, test } from 'vitest';
import { nothing, type Observation } from '../../../../../src/cluster/model/observation.ts';
import { next } from '../../../../../src/cluster/plan/next.ts';
import { whyOldStore } from '../../../../../src/cluster/plan/rules/old-store.ts';
import { withReplacements } from '../../../../../src/cluster/plan/spec-changes.ts';
import { withInside } from '../../../../../src/cluster/plan/steps/effects.ts';
import { converged, planFor, specOf } from '../../../../support/clusters.ts';

const before = specOf(['m0@local-a', 'm1@local-b', 'm2@local-c']);
/** The store went on: m1 was replaced by m3. */
const after = withReplacements(before, ['m1'], () => 'm3');

function whatHolds(o: Observation, spec = before): string {
  const { steps, blocked } = next(spec, o, { revive: true });
  expect(steps).toEqual([]);
  return blocked[0]?.message ?? '';
}

describe('an older copy of the store', () => {
  test('changes nothing in a cluster that has what it never named', () => {
    const now = converged(after);
    expect(next(after, now)).toEqual({ steps: [], blocked: [] });
    expect(whatHolds(now)).toMatch(/older copy .* never named m3/);
    expect(whyOldStore(before, now)?.message).toMatch(/older copy .* never named m3/);
    expect(whyOldStore(after, now)).toBeUndefined();
  });

  test('is told what helps where the newer store is lost: a newer backup, if there are any', () => {
    const backup = {
      to: '/backups',
      everySeconds: 60,
      keep: { allHours: 1, hourlyDays: 1, dailyDays: 1 },
      generation: 1,
    };
    expect(whyOldStore(before, converged(after))?.advice).toEqual([expect.stringMatching(/^use the newer/)]);
    expect(whyOldStore({ ...before, backup }, converged(after))?.advice).toEqual([
      expect.stringMatching(/^use the newer/),
      expect.stringMatching(/restore one from a newer backup/),
    ]);
  });

  test('does not make again what has left since, which it can tell by the revision alone', () => {
    const shrunk = { ...after, replicas: after.replicas.slice(0, 1) };
    const now = { ...withInside(converged(shrunk), 'm0', { storeRevision: 9 }), storeRevision: 7 };
    expect(whatHolds(now)).toMatch(/m0 was last changed by revision 9, and this is 7/);
  });

  test('is none where the cluster notes an older revision, or none, and where nothing exists yet', () => {
    const now = { ...withInside(converged(before), 'm0', { storeRevision: 7 }), storeRevision: 9 };
    expect(next(before, now).blocked).toEqual([]);
    expect(planFor(specOf(['m0']), nothing).blocked).toEqual([]);
  });

  test('knows a member that never started by no name, and calls it no stranger', () => {
    const now = converged(before);
    const unnamed = {
      id: '77',
      name: 'member-77',
      learner: true,
      started: false,
      healthy: false,
      leader: false,
    };
    const etcd = { ...now.etcd, members: [...now.etcd.members, unnamed] };
    expect(next(before, { ...now, etcd }).steps.map(({ kind }) => kind)).toContain('remove-member');
  });

  test('can still be told to delete the whole cluster', () => {
    expect(next({ ...before, deleting: true }, converged(after)).steps.length).toBeGreaterThan(0);
  });
});
