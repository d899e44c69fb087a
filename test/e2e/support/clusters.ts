import { afterAll, beforeAll } from 'vitest';
import { parse } from 'yaml';
import type { ApiClient } from '../../../src/lb/request.ts';
import { haup, tryHaup } from './haup.ts';

/** Removes the clusters of these names before (a crashed run's) and after the tests of a file. */
export function useClusters(...names: string[]): void {
  const remove = async (): Promise<void> => {
    for (const name of names) {
      const ended = await tryHaup(['delete', '-c', name, '--yes']);
      if (ended.code !== 0 && ended.code !== 6)
        throw new Error(`${name} could not be deleted:\n${ended.stderr}`);
    }
  };
  beforeAll(remove);
  afterAll(remove);
}

interface Kubeconfig {
  clusters: { cluster: { server: string; 'certificate-authority-data': string } }[];
  users: { user: { 'client-certificate-data': string; 'client-key-data': string } }[];
}

/** The admin's way to the API, as `haup kubeconfig` hands it out. */
export async function adminOf(cluster: string): Promise<ApiClient> {
  const config = parse(await haup('kubeconfig', '-c', cluster)) as Kubeconfig;
  const text = (base64: string): string => Buffer.from(base64, 'base64').toString();
  const { server, 'certificate-authority-data': ca } = config.clusters[0]!.cluster;
  const user = config.users[0]!.user;
  const url = new URL(server);
  return {
    ip: url.hostname,
    port: Number(url.port || 443),
    caPem: text(ca),
    certPem: text(user['client-certificate-data']),
    keyPem: text(user['client-key-data']),
  };
}
