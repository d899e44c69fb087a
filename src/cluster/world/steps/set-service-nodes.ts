import type { Executor } from './executor.ts';

export const setServiceNodes: Executor<'set-service-nodes'> = async ({ provider }, { nodes }) => {
  await provider.services?.setNodes(nodes);
};
