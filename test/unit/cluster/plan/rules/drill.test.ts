import { describe, expect, test } from 'vitest';
import { blows, type DrillRecord } from '../../../../../src/cluster/model/drill.ts';
import type { Observation } from '../../../../../src/cluster/model/observation.ts';
import { next } from '../../../../../src/cluster/plan/next.ts';
import { statusOf } from '../../../../../src/cluster/plan/status.ts';
import { describe as sentence } from '../../../../../src/cluster/plan/step.ts';
import { converged, planFor, powerOff, specOf } from '../../../../support/clusters.ts';

const spec = specOf(['m0@local-a', 'm1@local-b', 'm2@local-c']);
const whole = converged(spec);

function drilled(o: Observation, ...wounds: DrillRecord['wounds']): Observation {
  return { ...o, remembered: { ...o.remembered, drill: { namespace: 'haup-drill-1', wounds } } };
}

describe('a drill that was interrupted', () => {
  test('is undone before anything else is thought of, by whatever command comes next', () => {
    const hurt = drilled(powerOff(whole, 'm1'), { blow: 'power-off', machine: 'm1' });
    expect(next(spec, hurt)).toEqual({
      steps: [{ kind: 'undo-fault', blow: 'power-off', machine: 'm1' }],
      blocked: [],
    });
    const plan = planFor(spec, hurt);
    expect(plan.steps.map(({ step }) => sentence(step))).toEqual([
      'start m1 again after the drill',
      "remove what the drill's clients wrote (namespace haup-drill-1)",
    ]);
    expect(plan.end.remembered.drill).toBeUndefined();
    expect(plan.end.etcd.members.every(({ healthy }) => healthy)).toBe(true);
  });

  test('of a whole zone is undone side by side', () => {
    const hurt = drilled(whole, { blow: 'freeze', machine: 'm0' }, { blow: 'isolate', machine: 'm1' });
    expect(next(spec, hurt).steps).toHaveLength(2);
    expect(planFor(spec, hurt).steps).toHaveLength(3);
  });

  test('leaves the cluster unfinished until its namespace is gone, whatever was hurt', () => {
    for (const blow of blows) {
      const machine = blow === 'kill-balancer' ? null : 'm0';
      const hurt = drilled(whole, { blow, machine });
      expect(statusOf(spec, hurt, 0).converged).toBe(false);
      expect(planFor(spec, hurt)).toMatchObject({ blocked: [], end: { remembered: { drill: undefined } } });
    }
  });

  test('does not keep a cluster from being deleted', () => {
    const hurt = drilled(whole, { blow: 'freeze', machine: 'm0' });
    const kinds = planFor({ ...spec, deleting: true }, hurt).steps.map(({ step }) => step.kind);
    expect(kinds).not.toContain('undo-fault');
    expect(kinds.at(-1)).toBe('delete-network');
  });
});
