import { expect, test } from 'vitest';
import { nothing } from '../../../../../src/cluster/model/observation.ts';
import {
  emptyNode,
  withNodeInside,
  withNodeMachine,
  withNodeObject,
} from '../../../../../src/cluster/plan/steps/node-effects.ts';
import { before } from './examples.ts';

const [machine] = before.nodes.machines;
const [object] = before.nodes.objects!;
const two = {
  ...before,
  nodes: {
    ...before.nodes,
    machines: [machine!, { ...machine!, name: 'n1', inside: null }],
    objects: [object!, { ...object!, name: 'n1' }],
  },
};

test('one node is changed, and no other', () => {
  const { machines } = withNodeMachine(two, 'n1', { state: 'stopped' }).nodes;
  expect([machines[0], machines[1]!.state]).toEqual([machine, 'stopped']);
  const { objects } = withNodeObject(two, 'n1', { cordoned: true }).nodes;
  expect([objects![0], objects![1]!.cordoned]).toEqual([object, true]);
});

test('a node that could not be looked into is changed from an empty one', () => {
  const { machines } = withNodeInside(two, 'n1', { kubelet: 'running' }).nodes;
  expect(machines[1]!.inside).toEqual({ ...emptyNode, kubelet: 'running' });
  expect(withNodeInside(two, 'n0', { kubelet: 'stopped' }).nodes.machines[0]!.inside).toEqual({
    ...machine!.inside!,
    kubelet: 'stopped',
  });
});

test('what the API has not said of nodes stays unknown', () => {
  expect(withNodeObject(nothing, 'n0', { cordoned: true }).nodes.objects).toBeNull();
});
