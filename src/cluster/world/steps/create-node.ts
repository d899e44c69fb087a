import { createMachine } from '../machines/create-machine.ts';
import type { Executor } from './executor.ts';

export const createNode: Executor<'create-node'> = async (t, { node, zone }) => {
  await t.nodeSupplies();
  await createMachine(t, node, zone, 'node');
};
