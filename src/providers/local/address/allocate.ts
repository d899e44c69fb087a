import { randomInt } from 'node:crypto';
import { ProviderError } from '../../errors.ts';
import type { Context } from '../context.ts';
import { type ClusterRecord, readMachines } from '../state.ts';
import { ephemeralIps } from './addresses.ts';

/** An external address that no machine of the cluster has, and not the one that this one had. */
export async function freeEphemeral(
  context: Context,
  cluster: ClusterRecord,
  not: string | null,
): Promise<string> {
  const taken = (await readMachines(context.key)).map((record) => record.ephemeralIp);
  return anyFree(ephemeralIps(cluster.slot), [...taken, not], 'the external range');
}

/**
 * Chosen at random, so that a deleted machine's address does not come back at once, for another, to those who still try it.
 * @throws ProviderError `quota`
 */
export function anyFree(
  candidates: readonly string[],
  taken: readonly (string | null)[],
  where: string,
): string {
  const free = candidates.filter((candidate) => !taken.includes(candidate));
  if (free.length > 0) return free[randomInt(free.length)]!;
  throw new ProviderError('quota', `${where} has no free address`);
}
