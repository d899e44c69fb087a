import { describe, expect, test } from 'vitest';
import type { Observation } from '../../../../../src/cluster/model/observation.ts';
import type { ClusterSpec } from '../../../../../src/cluster/model/spec.ts';
import { withReplacedNodes } from '../../../../../src/cluster/plan/nodes/node-changes.ts';
import { cordonedStayers, withSettledNodes } from '../../../../../src/cluster/plan/nodes/settled-nodes.ts';
import {
  withNodeInside,
  withNodeObject,
  withNodes,
} from '../../../../../src/cluster/plan/steps/node-effects.ts';
import { converged, specOf } from '../../../../support/clusters.ts';

const nodes = ['n0', 'n1'].map((name) => ({ name, zone: 'local-a' }));
const spec = specOf(['m0@local-a'], { nodes, usedNames: ['m0', 'n0', 'n1'] });
const joined = converged(spec);

const settled = (o: Observation, of: ClusterSpec = spec) =>
  withSettledNodes(of, o).nodes.map(({ name }) => name);

test('nodes that never joined are given up, and those stay of which the API or they themselves say that they have', () => {
  expect(settled(joined)).toEqual(['n0', 'n1']);
  expect(settled(withNodeInside(joined, 'n0', { kubelet: 'stopped' }))).toEqual(['n0', 'n1']);
  const lost = withNodes(joined, { objects: joined.nodes.objects!.slice(1) });
  // Its object was deleted.
  expect(settled(lost)).toEqual(['n0', 'n1']);
  expect(settled(withNodeInside(lost, 'n0', { joining: true }))).toEqual(['n1']);
  expect(settled(withNodeInside(lost, 'n0', { kubelet: 'disabled' }))).toEqual(['n1']);
  expect(settled(withNodes(lost, { machines: lost.nodes.machines.slice(1) }))).toEqual(['n1']);
  expect(settled(withNodes(joined, { objects: null, machines: [] }))).toEqual(['n0', 'n1']);
});

describe('a node that was to leave', () => {
  const replaced = withReplacedNodes(spec, joined, ['n0'], () => 'n2');
  const removed = { ...spec, nodes: nodes.slice(1) };

  test('stays when its successor is given up, where it works', () => {
    expect(withSettledNodes(replaced, joined).nodes).toEqual([nodes[1], nodes[0]]);
    expect(settled(withNodeInside(joined, 'n0', { kubelet: 'stopped' }), replaced)).toEqual(['n1']);
    expect(settled(withNodeInside(joined, 'n0', { joining: true }), replaced)).toEqual(['n1']);
    expect(settled(withNodes(joined, { objects: null }), replaced)).not.toContain('n0');
  });

  test('stays when its drain does not end, and is named, and goes when it has ended', () => {
    const cordoned = withNodeObject(joined, 'n0', { cordoned: true, podsToMove: 1 });
    expect(settled(cordoned, removed)).toEqual(['n1', 'n0']);
    expect(cordonedStayers(removed, withSettledNodes(removed, cordoned), cordoned)).toEqual(['n0']);
    expect(cordonedStayers(removed, withSettledNodes(removed, joined), joined)).toEqual([]);
    // Whoever was wanted all along has been cordoned by somebody else.
    expect(cordonedStayers(spec, withSettledNodes(spec, cordoned), cordoned)).toEqual([]);
    expect(settled(withNodeObject(joined, 'n0', { cordoned: false, podsToMove: 0 }), removed)).toContain(
      'n0',
    );
    expect(settled(withNodeObject(joined, 'n0', { cordoned: true, podsToMove: 0 }), removed)).toEqual(['n1']);
  });

  test('and that the cluster has never named, does not become its', () => {
    const strangers = { ...removed, usedNames: ['m0', 'n1'] };
    expect(settled(joined, strangers)).toEqual(['n1']);
  });
});
