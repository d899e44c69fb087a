import { expect } from 'vitest';
import type { ClusterIdentity } from '../../../src/providers/provider.ts';
import type { ContractWorld } from './contract-world.ts';

/** Ends a test's cluster and its world; nothing may be left of the cluster. */
export async function leaveNothing(world: ContractWorld, cluster: ClusterIdentity): Promise<void> {
  const rest = world.open(cluster);
  for (const left of await rest.machines.list()) await rest.machines.delete(left.name);
  await rest.address.release();
  await rest.network.delete();
  const left = await world.inventory(cluster);
  await world.close();
  expect(left).toEqual([]);
}
