import { expect, test } from 'vitest';
import { mayHaveNodes } from '../../../../../src/cluster/world/observe/nodes.ts';
import { specOf } from '../../../../support/clusters.ts';

const masters = specOf(['demo-master', 'demo-master-k2x'], {
  usedNames: ['demo-master', 'demo-master-k2x', 'demo-master-gone'],
});
const once = { ...masters, usedNames: [...masters.usedNames, 'demo-node-a'] };

test('the API is asked for nodes while one is wanted, or has a machine, and where one has been: its object may be left', () => {
  expect(mayHaveNodes({ ...once, nodes: [{ name: 'demo-node-a', zone: 'local-a' }] }, 0)).toBe(true);
  expect(mayHaveNodes(masters, 1)).toBe(true);
  expect(mayHaveNodes(once, 0)).toBe(true);
});

test('the API is not asked where there never was a node, whatever masters came and went', () => {
  expect(mayHaveNodes(masters, 0)).toBe(false);
});
