import { describe, expect, it } from 'vitest';
import type { Generations } from '../../../../src/cluster/model/generations.ts';
import { ROTATED, type Rotated } from '../../../../src/cluster/model/rotated.ts';
import { type ClusterSpec, clusterSpecSchema, revisable } from '../../../../src/cluster/model/spec.ts';
import {
  advanced,
  phaseOf,
  risksOf,
  rotates,
  rotationsOf,
  turnsOf,
  withoutChange,
} from '../../../../src/cluster/plan/rotation.ts';
import { withRevision } from '../../../../src/cluster/plan/spec-changes.ts';
import { specOf } from '../../../support/clusters.ts';

const AT = '2026-06-01T00:00:00Z';

/** The spec after each phase of a command, in order. */
function phases(from: ClusterSpec, what: readonly Rotated[], finish: boolean): ClusterSpec[] {
  const all: ClusterSpec[] = [];
  for (let spec = from, begin = !finish; ; begin = false) {
    const next = advanced(spec, { what, finish, begin });
    if (!next) return all;
    if (all.length > 9) throw new Error('the rotation does not end');
    spec = withoutChange(clusterSpecSchema.parse(withRevision(spec, next, `c${all.length}`)), AT);
    all.push(spec);
  }
}

const orders = (specs: readonly ClusterSpec[]): (Generations | undefined)[] =>
  specs.map((s) => s.generations);

describe('a rotation', () => {
  const start = specOf(['m0', 'm1', 'm2']);

  it.each(['front-proxy', 'etcd-ca', 'encryption', 'ssh'] as const)(
    'of %s, which nobody outside has, goes through to its end',
    (what) => {
      const specs = phases(start, [what], false);
      expect(orders(specs)).toEqual([{ [what]: [1, 2] }, { [what]: [2, 1] }, { [what]: [2] }]);
      expect(phases(specs.at(-1)!, [what], false).at(-1)!.generations).toEqual({ [what]: [3] });
    },
  );

  it('of encryption goes on reading what a backup may have, to its end', () => {
    const restored = { ...start, generations: { encryption: [2, 3, 1] } };
    expect(orders(phases(restored, ['encryption'], false))).toEqual([
      { encryption: [3, 2, 1] },
      { encryption: [3] },
    ]);
  });

  it.each(['kubelet-signing', 'service-account'] as const)(
    'of %s stops where others may have to act, until it is ended',
    (what) => {
      const specs = phases(start, [what], false);
      expect(orders(specs)).toEqual([{ [what]: [1, 2] }, { [what]: [2, 1] }]);
      expect(specs.map((spec) => rotationsOf(spec, {}))).toMatchObject([
        [{ what, phase: 'both', since: null }],
        [{ what, phase: 'new', since: AT, users: null }],
      ]);
      expect(phases(specs[1]!, [what], false)).toEqual([]);
      const ended = phases(specs[1]!, [what], true);
      expect(orders(ended)).toEqual([{ [what]: [2] }]);
      expect(ended[0]!.rotating).toBeUndefined();
    },
  );

  it('of ca goes on showing clients what they believe, until it is ended', () => {
    const specs = phases(start, ['ca'], false);
    expect(orders(specs)).toEqual([{ ca: [1, 2] }, { ca: [2, 1], serving: 1 }]);
    const ended = phases(specs[1]!, ['ca'], true);
    expect(orders(ended)).toEqual([{ ca: [2, 1] }, { ca: [2] }]);
    expect(phaseOf(ended[0]!, 'ca')).toBe('shown');
    // Cut off between the two, it goes on without being told once more.
    expect(orders(phases(ended[0]!, ['ca'], false))).toEqual([{ ca: [2] }]);
  });

  it('of all shares the phases, and leaves the versions and the rest as they are', () => {
    const specs = phases(start, ROTATED, false);
    expect(specs).toHaveLength(3);
    const ended = [...specs, ...phases(specs.at(-1)!, ROTATED, true)];
    expect(ended).toHaveLength(5);
    expect(ended.at(-1)!.generations).toEqual(Object.fromEntries(ROTATED.map((what) => [what, [2]])));
    const { generations: _, ...rest } = ended.at(-1)!;
    expect(rest).toEqual(start);
  });

  it('is ended by nothing when none is under way', () => {
    expect(phases(start, ROTATED, true)).toEqual([]);
  });

  it('says what it risks, in the phases that risk something', () => {
    const risks = (generations: Generations, before: Generations) =>
      risksOf({ ...withRevision({ ...start, generations: before }, { ...start, generations }, 'c') });
    expect(risks({ ca: [1, 2] }, {})).toEqual([]);
    expect(risks({ ca: [2, 1], serving: 1 }, { ca: [1, 2] })).toEqual([]);
    expect(risks({ ca: [2, 1] }, { ca: [2, 1], serving: 1 })).toEqual([
      expect.stringContaining('refuse the API servers'),
    ]);
    expect(risks({ ca: [2] }, { ca: [2, 1] })).toEqual([expect.stringContaining('kubeconfig')]);
    expect(risks({ encryption: [2] }, { encryption: [2, 1] })).toEqual([expect.stringContaining('backups')]);
  });

  it('says what a change turns', () => {
    const next = advanced(start, { what: ['ssh'], finish: false, begin: true })!;
    const begun = withRevision(start, next, 'c');
    expect([turnsOf(begun), rotates(begun)]).toEqual([{ begun: ['ssh'], turned: [], ended: [] }, true]);
    const other = withRevision(start, { ...next, generations: undefined, requestTimeoutSeconds: 30 }, 'c');
    expect([turnsOf(other), rotates(other)]).toEqual([{ begun: [], turned: [], ended: [] }, false]);
  });

  it('is under way without a change too, of which it turns nothing', () => {
    expect(turnsOf({ ...start, generations: { ssh: [2, 1] } })).toEqual({ begun: [], turned: [], ended: [] });
  });

  it('is in its own phase, whatever clients are shown', () => {
    const generations = { ca: [2], ssh: [2, 1] };
    expect([phaseOf({ generations }, 'ssh'), phaseOf({ generations }, 'ca')]).toEqual(['new', 'rest']);
  });

  it('of anything but ca says nothing of what clients are shown', () => {
    const next = advanced(start, { what: ['ssh'], finish: false, begin: true })!;
    expect(next.generations).not.toHaveProperty('serving');
    const showing = { ...start, generations: { ca: [2, 1], serving: 1 } };
    expect(advanced(showing, { what: ['ssh'], finish: false, begin: true })!.generations).toEqual({
      ...{ ca: [2, 1], serving: 1 },
      ssh: [1, 2],
    });
  });

  it('keeps the time since when its new one is at work, while others come to that', () => {
    const since = '2026-05-01T00:00:00Z';
    const generations = { ssh: [2, 1], encryption: [1, 2] };
    const spec = { ...start, generations, rotating: { ssh: since } };
    const turned = withRevision(
      spec,
      { ...revisable(spec), generations: { ...generations, encryption: [2, 1] } },
      'c',
    );
    expect(withoutChange(turned, AT).rotating).toEqual({ ssh: since, encryption: AT });
    const turning = { ...start, generations: { ssh: [2, 1] } };
    const unknown = withRevision(turning, revisable(turning), 'c');
    expect(withoutChange(unknown, AT)).not.toHaveProperty('rotating');
  });
});
