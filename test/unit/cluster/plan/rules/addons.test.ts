import { describe, expect, test } from 'vitest';
import type { Observation } from '../../../../../src/cluster/model/observation.ts';
import { keepAddons } from '../../../../../src/cluster/plan/rules/addons.ts';
import { withInside } from '../../../../../src/cluster/plan/steps/effects.ts';
import { view } from '../../../../../src/cluster/plan/view.ts';
import { converged, lines, planFor, powerOff, specOf } from '../../../../support/clusters.ts';
import { emptyRevision } from '../../../../support/revisions.ts';

const spec = specOf(['m0@local-a', 'm1@local-b', 'm2@local-c'], { bootstrapped: true });
const healthy = converged(spec);
const policy = { revive: false, addons: true };

const wanted = {
  ...emptyRevision,
  configuration: { 'addons/shop.json': 'new', 'config/a.yaml': 'same' },
};

/** Masters whose files have these digests. */
function having(files: Readonly<Record<string, string>>, ...names: string[]): Observation {
  const revision = { ...emptyRevision, configuration: files };
  const now = { ...emptyRevision, configuration: wanted.configuration };
  return {
    ...healthy,
    machines: healthy.machines.map((machine) => ({
      ...machine,
      inside: { ...machine.inside!, revision: names.includes(machine.name) ? revision : now },
    })),
    wanted: Object.fromEntries(healthy.machines.map(({ name }) => [name, wanted])),
  };
}

describe('add-ons that a master does not keep as the store has them', () => {
  test.each([
    ['a changed one', { 'addons/shop.json': 'old', 'config/a.yaml': 'same' }],
    ['one that it has not', { 'config/a.yaml': 'same' }],
    ['one too many', { ...wanted.configuration, 'addons/left.json': 'old' } as Record<string, string>],
  ])('%s: are given to it, one master after the other', (_, files) => {
    expect(lines(planFor(spec, having(files, 'm0', 'm2'), policy))).toEqual([
      'keep-addons m0',
      'keep-addons m2',
    ]);
  });

  test('are left alone by who was not asked for that, and other differences by who was', () => {
    const old = having({ 'config/a.yaml': 'same' }, 'm0');
    expect(lines(planFor(spec, old))).toEqual([]);
    expect(lines(planFor(spec, old, { revive: true }))).toEqual([]);
    const other = having({ 'addons/shop.json': 'new', 'config/a.yaml': 'old' }, 'm0');
    expect(lines(planFor(spec, other, policy))).toEqual([]);
  });

  test('wait for an API server that serves', () => {
    const down = powerOff(having({ 'config/a.yaml': 'same' }, 'm0', 'm1'), 'm0');
    expect(lines(planFor(spec, down, policy))).toEqual(['keep-addons m1']);
    const unready = withInside(having({ 'config/a.yaml': 'same' }, 'm0'), 'm0', { apiServer: 'unready' });
    expect(keepAddons(view(spec, unready, policy))).toEqual([]);
  });

  test('wait while anything else cannot go on', () => {
    const four = specOf(['m0@local-a', 'm1@local-b', 'm2@local-c', 'm3@local-a']);
    const plan = planFor(four, powerOff(having({ 'config/a.yaml': 'same' }, 'm0'), 'm1'), policy);
    expect(plan.blocked[0]?.message).toContain('m3 cannot join');
    expect(lines(plan).filter((line) => line.startsWith('keep-addons'))).toEqual([]);
  });
});
