import type { ApiClient } from '../../kubernetes/client.ts';
import { type Authorities, believed } from '../../pki/authorities.ts';
import { issueOwnAdmin } from '../../pki/issue.ts';
import { once } from '../../util/once.ts';
import type { Tools } from './tools.ts';

/** Well within what such a certificate lives, with all of a step before it. */
const REUSE_MS = 5 * 60_000;

type Admin = Pick<ApiClient, 'caPem' | 'certPem' | 'keyPem'>;

const kept = new WeakMap<Authorities, { readonly at: number; readonly admin: () => Promise<Admin> }>();

/** An administrator's way to be believed, for haup itself: made once in a while, because every look at a cluster needs it. */
export async function ownAdmin(t: Pick<Tools, 'authorities'>): Promise<Admin> {
  const authorities = await t.authorities();
  const known = kept.get(authorities);
  if (known && Date.now() - known.at < REUSE_MS) return known.admin();
  const admin = once(async () => ({
    caPem: believed(authorities.kubernetes),
    ...(await issueOwnAdmin(authorities)),
  }));
  kept.set(authorities, { at: Date.now(), admin });
  return admin();
}

/** The admin's view of the API server at an address. */
export async function apiAt(t: Pick<Tools, 'memory' | 'authorities'>, ip: string): Promise<ApiClient> {
  return { ip, port: t.memory.spec.apiPort, ...(await ownAdmin(t)) };
}
