import { describe, expect, test } from 'vitest';
import type { Observation } from '../../../../../src/cluster/model/observation.ts';
import { startControlPlanes } from '../../../../../src/cluster/plan/rules/serving.ts';
import { withInside, withMember } from '../../../../../src/cluster/plan/steps/effects.ts';
import { view } from '../../../../../src/cluster/plan/view.ts';
import type { Inside } from '../../../../../src/replicas/revision/inspect.ts';
import { converged, specOf } from '../../../../support/clusters.ts';

const spec = specOf(['m0@local-a', 'm1@local-b', 'm2@local-c']);
const healthy = converged(spec);

/** The replicas whose control plane is started. */
function started(o: Observation, revive = false): string[] {
  return startControlPlanes(view(spec, o, { revive })).map((step) => {
    expect(step.kind).toBe('start-control-plane');
    return 'replica' in step ? step.replica : '';
  });
}
const m1 = (change: Partial<Inside>): Observation => withInside(healthy, 'm1', change);

describe('a control plane', () => {
  test('is started when its API server, or its controllers, never were', () => {
    expect(started(m1({ apiServer: 'disabled', controllers: 'disabled' }))).toEqual(['m1']);
    expect(started(m1({ apiServer: 'disabled' }))).toEqual(['m1']);
    expect(started(m1({ controllers: 'disabled' }))).toEqual(['m1']);
    expect(started(healthy)).toEqual([]);
  });

  test('of which a part has stopped is started again by a repair, and by nothing else', () => {
    for (const ill of [m1({ apiServer: 'unready' }), m1({ controllers: 'stopped' })]) {
      expect(started(ill)).toEqual([]);
      expect(started(ill, true)).toEqual(['m1']);
    }
    expect(started(healthy, true)).toEqual([]);
  });

  test('waits for a vote: learners answer no client, and the dead nobody', () => {
    const o = m1({ apiServer: 'disabled', controllers: 'disabled' });
    expect(started(withMember(o, 'm1', { learner: true }))).toEqual([]);
    expect(started(withMember(o, 'm1', { healthy: false }))).toEqual([]);
  });

  test('is not started on a machine that cannot be looked into, or on which nothing was prepared', () => {
    const machines = healthy.machines.map((m) => (m.name === 'm1' ? { ...m, inside: null } : m));
    expect(started({ ...healthy, machines }, true)).toEqual([]);
    expect(started(m1({ provisioned: false, apiServer: 'disabled' }), true)).toEqual([]);
  });

  test('is not started while nobody can say who votes, not even by a repair', () => {
    const o = m1({ apiServer: 'unready' });
    expect(started({ ...o, etcd: { ...o.etcd, readable: false } }, true)).toEqual([]);
  });
});
