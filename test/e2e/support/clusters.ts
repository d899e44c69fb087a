import { afterAll, beforeAll } from 'vitest';
import type { ApiClient } from '../../../src/kubernetes/client.ts';
import { clientFrom } from '../../support/kubeconfig.ts';
import { haup, removeCluster } from './haup.ts';

/** Removes the clusters of these names before (a crashed run's) and after the tests of a file. */
export function useClusters(...names: string[]): void {
  const remove = async (): Promise<void> => {
    for (const name of names) await removeCluster(name);
  };
  beforeAll(remove);
  afterAll(remove);
}

/** The admin's way to the API, as `haup kubeconfig` hands it out. */
export async function adminOf(cluster: string): Promise<ApiClient> {
  return clientFrom(await haup('kubeconfig', '-c', cluster));
}
