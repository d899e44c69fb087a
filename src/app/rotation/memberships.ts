import { z } from 'zod';
import { find } from '../../federation/controller/api.ts';
import { memberAccess, tokenIn } from '../../federation/controller/member-access.ts';
import { clusterPath, secretPath } from '../../federation/members/join.ts';
import { NAMESPACE } from '../../federation/model/names.ts';
import { listAll } from '../../kubernetes/list.ts';
import type { Authority, TokenKeys } from '../../pki/authorities.ts';
import { certificatesIn } from '../../pki/bundle.ts';
import { keyIdIn, keyIdOf } from '../../pki/token-key.ts';
import { reachingFederation } from '../federation/access.ts';
import type { Environment, OpenCluster } from '../operations.ts';

/** What a federation keeps of one of its members; null: nobody could look. */
export interface Membership {
  readonly federation: string;
  readonly kept: Kept | null;
}

interface Kept {
  /** Whom it believes there, PEM. */
  readonly caPem: string;
  /** Of the key that has signed its token. */
  readonly keyId: string | null;
}

const accountSchema = z.object({ metadata: z.object({ name: z.string() }) });

/**
 * The federations that have an account in the cluster, each with what it keeps of it. That is read from the federation itself, which may be
 * in another store, or silent: then it is not known. @throws ApiError
 */
export async function membershipsOf(
  env: Pick<Environment, 'names' | 'looking' | 'signal'>,
  { world }: Pick<OpenCluster, 'world'>,
): Promise<Membership[]> {
  const { name: cluster, federation } = world.spec();
  // Which is no member of another.
  if (federation) return [];
  const { signal } = env;
  const accounts = await listAll(await world.api(), accountSchema, {
    ...{ doing: 'list the accounts of federations', signal },
    path: `/api/v1/namespaces/${NAMESPACE}/serviceaccounts`,
  });
  const names = accounts.map(({ metadata: { name } }) => name).filter((name) => name !== 'default');
  const known = names.length > 0 ? await env.names() : [];
  const found = await Promise.all(
    names.map(async (name): Promise<Membership[]> => {
      const kept = known.includes(name) ? await keptBy(env, name, cluster).catch(() => null) : null;
      signal.throwIfAborted();
      return kept === 'nothing' ? [] : [{ federation: name, kept }];
    }),
  );
  return found.flat();
}

/** An account may have stayed behind of a membership that has ended. */
async function keptBy(
  env: Pick<Environment, 'looking'>,
  federation: string,
  cluster: string,
): Promise<Kept | 'nothing'> {
  return reachingFederation(env, federation, async ({ api }) => {
    const [record, secret] = [await find(api, clusterPath(cluster)), await find(api, secretPath(cluster))];
    if (!record) return 'nothing';
    const { caPem = '' } = memberAccess(record, () => secret);
    return { caPem, keyId: keyIdIn(tokenIn(secret)) };
  });
}

/** Sentences about federations that would not believe what the API servers show by this authority alone. Pure. */
export function believesOldCa(memberships: readonly Membership[], authority: Authority): string[] {
  const own = unspaced(authority.certPem);
  return memberships.flatMap(({ federation, kept }) => {
    if (kept === null) return [`perhaps the federation ${federation}: whom it believes could not be seen`];
    return certificatesIn(kept.caPem).map(unspaced).includes(own)
      ? []
      : [`the federation ${federation}, which has not been told of the new one: join it again`];
  });
}

/** Sentences about federations whose tokens are by another key than this. Pure. */
export function hasOldToken(memberships: readonly Membership[], keys: TokenKeys): string[] {
  const own = keyIdOf(keys.publicKeyPem);
  return memberships.flatMap(({ federation, kept }) => {
    if (kept === null) return [`perhaps the federation ${federation}: its token could not be seen`];
    return kept.keyId === own ? [] : [`the token of the federation ${federation}: join it again`];
  });
}

function unspaced(pem: string): string {
  return pem.replace(/\s/g, '');
}
