import { z } from 'zod';
import { orderOf } from '../../cluster/model/generations.ts';
import type { Rotated } from '../../cluster/model/rotated.ts';
import type { ClusterSpec } from '../../cluster/model/spec.ts';
import { phaseOf } from '../../cluster/plan/rotation.ts';
import { encryptionKeyName } from '../../cluster/world/keys.ts';
import { secretsNotUnder } from '../../cluster/world/rotation/secrets.ts';
import type { RealWorld } from '../../cluster/world/world.ts';
import type { ApiClient } from '../../kubernetes/client.ts';
import { listAll } from '../../kubernetes/list.ts';
import type { TokenKeys } from '../../pki/authorities.ts';
import { keyIdIn, keyIdOf } from '../../pki/token-key.ts';
import { once } from '../../util/once.ts';
import { rfc3339 } from '../../util/text/rfc3339.ts';
import type { Environment, OpenCluster } from '../operations.ts';
import { believesOldCa, hasOldToken, type Membership, membershipsOf } from './memberships.ts';
import {
  type Asking,
  type Sightings,
  sightings,
  usersOfOldCa,
  usersOfOldSigning,
} from './old-certificates.ts';

/** What pods get tokens for (Kubernetes' own default), and how long they may go on with the last one. */
const TOKEN_MS = 3600_000;

interface Asked extends Asking {
  readonly world: Pick<RealWorld, 'api' | 'authorities' | 'etcd' | 'observe' | 'session'>;
  /** The federations that the cluster is a member of. */
  readonly memberships: () => Promise<readonly Membership[]>;
}

export function askingOf(env: Environment, open: OpenCluster, spec: ClusterSpec): Asked {
  const { world, secrets } = open;
  const memberships = once(() => membershipsOf(env, open));
  return { spec, world, secrets, memberships, now: env.now(), signal: env.signal };
}

/**
 * Who still uses what is to be given up: sentences that say who, and what they need. Of a rotation whose new one does not sign yet
 * that is everybody, and nobody is named. What several of them need is looked for once.
 */
export function usersOfOld(asked: Asked): (what: Rotated) => Promise<string[]> {
  const seen = once(() => sightings(asked));
  return async (what) => {
    const phase = phaseOf(asked.spec, what);
    if (phase === 'rest' || phase === 'both') return [];
    return (await users[what]?.(asked, seen)) ?? [];
  };
}

type Users = (asked: Asked, seen: () => Promise<Sightings>) => Promise<string[]>;

const users: Readonly<Partial<Record<Rotated, Users>>> = {
  ca: async ({ spec, world, memberships }, seen) => [
    ...usersOfOldCa({ ...(await seen()), since: begun(spec, 'ca') }),
    ...believesOldCa(await memberships(), (await world.authorities()).kubernetes),
  ],
  'kubelet-signing': async ({ spec }, seen) =>
    usersOfOldSigning({ ...(await seen()), since: begun(spec, 'kubelet-signing') }),
  'service-account': async ({ spec, world, now, signal, memberships }) => {
    const since = begun(spec, 'service-account');
    const until = since + TOKEN_MS;
    const { serviceAccount } = await world.authorities();
    const kept = await keptTokens(await world.api(), serviceAccount, signal);
    return [
      ...(now < until ? [`tokens that pods have had since before: until ${rfc3339(until)}`] : []),
      ...kept.map((name) => `the token in the Secret ${name}, which has no end: have it made anew`),
      ...hasOldToken(await memberships(), serviceAccount),
    ];
  },
  encryption: async ({ spec, world, signal }) => {
    const key = encryptionKeyName(orderOf(spec, 'encryption')[0]!);
    const { etcd } = await world.observe();
    const voter = etcd.members.find(({ healthy, learner }) => healthy && !learner);
    if (!voter) return ['Secrets that nobody could count: no member of etcd answers'];
    const old = await secretsNotUnder(await world.etcd(voter.name), key, signal);
    return old.length > 0 ? [`${old.length} Secret${old.length === 1 ? '' : 's'}`] : [];
  },
};

/** Since when the new one is at work, milliseconds since the epoch; NaN: it is not. */
function begun({ rotating }: Pick<ClusterSpec, 'rotating'>, what: Rotated): number {
  return Date.parse(rotating?.[what] ?? '');
}

const secretSchema = z.object({
  metadata: z.object({ name: z.string(), namespace: z.string() }),
  data: z.record(z.string(), z.string()).optional(),
});

/** Tokens in Secrets that another key has signed than the one that signs now, as NAMESPACE/NAME. */
async function keptTokens(
  api: ApiClient,
  { publicKeyPem }: TokenKeys,
  signal: AbortSignal,
): Promise<string[]> {
  const type = encodeURIComponent('type=kubernetes.io/service-account-token');
  const path = `/api/v1/secrets?fieldSelector=${type}`;
  const items = await listAll(api, secretSchema, { doing: 'read tokens in Secrets', path, signal });
  const id = keyIdOf(publicKeyPem);
  return items
    .filter(({ data }) => data?.token !== undefined && keyIdIn(decoded(data.token)) !== id)
    .map(({ metadata: { namespace, name } }) => `${namespace}/${name}`);
}

function decoded(base64: string): string {
  return Buffer.from(base64, 'base64').toString();
}
