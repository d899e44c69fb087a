import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClusterSpec } from '../../src/cluster/model/spec.ts';
import type { ApiClient } from '../../src/kubernetes/client.ts';
import { parseAuthorities } from '../../src/pki/authorities.ts';
import { issueClient } from '../../src/pki/issue.ts';
import { HOME } from './home.ts';

/** What haup keeps of a cluster, read from where it keeps it: the bench has to know it while haup still works. */
export function specOf(cluster: string): ClusterSpec {
  const text = readFileSync(join(folder(cluster), 'cluster.json'), 'utf8');
  return (JSON.parse(text) as { value: { spec: ClusterSpec } }).value.spec;
}

/** The authority that API servers' certificates are verified with. @throws Error before it has been made */
export function caOf(cluster: string): string {
  return authoritiesOf(cluster).kubernetes.certPem;
}

export function hasAuthorities(cluster: string): boolean {
  return existsSync(authoritiesFile(cluster));
}

/** An administrator's way to the API. */
export async function adminOf(cluster: string, ip: string): Promise<ApiClient> {
  const authorities = authoritiesOf(cluster);
  const { certPem, keyPem } = await issueClient('admin', authorities);
  return { ip, port: specOf(cluster).apiPort, caPem: authorities.kubernetes.certPem, certPem, keyPem };
}

function authoritiesOf(cluster: string) {
  return parseAuthorities(readFileSync(authoritiesFile(cluster), 'utf8'));
}

function authoritiesFile(cluster: string): string {
  return join(folder(cluster), 'secrets', 'authorities');
}

function folder(cluster: string): string {
  return join(HOME, 'clusters', cluster);
}
