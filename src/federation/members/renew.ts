import { messageOf } from '../../util/failure.ts';
import { type Api, type ApiAccess, find, MERGE } from '../controller/api.ts';
import { memberAccess } from '../controller/member-access.ts';
import { CLUSTERS_API, NAMESPACE } from '../model/names.ts';
import type { ApiObject } from '../model/object.ts';
import { isDue, newToken, tokenMetadata } from './token.ts';

export interface Renewing {
  /** The federation's own. */
  readonly api: Api;
  readonly federation: string;
  readonly open: (access: ApiAccess) => Api;
  /** Milliseconds since 1970, as the members' clocks have it. */
  readonly wall: number;
  readonly log: (line: string) => void;
}

/**
 * Has each member give a new token in time, with the one that it gave before: that account may make tokens for itself, and for nobody else.
 * One member's trouble is told in words, which are returned, and stops no other.
 */
export async function renewTokens({ api, federation, open, wall, log }: Renewing): Promise<string[]> {
  const list = await api.call('GET', `/apis/${CLUSTERS_API}/clusters`);
  const problems: string[] = [];
  for (const { metadata, spec = {} } of (list.items ?? []) as ApiObject[]) {
    const { secretName, leaving } = spec;
    const path = `/api/v1/namespaces/${NAMESPACE}/secrets/${secretName}`;
    try {
      const secret = leaving === true ? null : await find(api, path);
      if (!secret || !isDue(secret, wall)) continue;
      const member = open(memberAccess({ spec }, () => secret));
      try {
        const made = await newToken(member, federation);
        const data = { token: Buffer.from(made.token).toString('base64') };
        await api.call('PATCH', path, {
          body: { metadata: tokenMetadata(made, wall), data },
          contentType: MERGE,
        });
        log(`${metadata.name}: has given a new token, good until ${made.expires}`);
      } finally {
        member.close();
      }
    } catch (error) {
      problems.push(`Cluster ${metadata.name}: its token cannot be renewed: ${messageOf(error)}`);
    }
  }
  return problems;
}
