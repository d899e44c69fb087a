import type { ApiClient } from '../../kubernetes/client.ts';
import { issueOwnAdmin } from '../../pki/issue.ts';
import type { Tools } from './tools.ts';

/** The admin's view of the API server at an address. */
export async function apiAt(t: Pick<Tools, 'memory' | 'authorities'>, ip: string): Promise<ApiClient> {
  const authorities = await t.authorities();
  const { certPem, keyPem } = await issueOwnAdmin(authorities);
  return { ip, port: t.memory.spec.apiPort, caPem: authorities.kubernetes.certPem, certPem, keyPem };
}
