import { z } from 'zod';
import {
  type Authorities,
  createAuthorities,
  createSuccessor,
  createTokenKeys,
  parseAuthorities,
  parseAuthority,
  parseTokenKeys,
  serializeAuthorities,
} from '../../pki/authorities.ts';
import {
  areDue,
  createKubeletAuthorities,
  type KubeletAuthorities,
  parseKubeletAuthorities,
  renewKubeletAuthorities,
  serializeKubeletAuthorities,
} from '../../pki/kubelet-authorities.ts';
import { newEncryptionKey } from '../../replicas/config.ts';
import type { EncryptionKey } from '../../replicas/settings/encryption.ts';
import { makeKeyPair } from '../../ssh/keys.ts';
import type { Secrets } from '../../state/store.ts';
import { orderOf, servingOf } from '../model/generations.ts';
import type { Rotated } from '../model/rotated.ts';
import type { ClusterSpec } from '../model/spec.ts';
import { damagedSecret, readStoredSecret } from './stored-secret.ts';

/**
 * The cluster's secrets, each made when it is first needed, and kept in the operator's store alone. What takes another's place is a
 * secret of its own beside it, and is there before anything names it: whatever is lost on the way, no key is lost that somebody uses.
 */

type Cluster = Pick<ClusterSpec, 'name' | 'generations'>;
type Readable = Pick<Secrets, 'get'>;

/** What the first of each is kept as. */
const FIRST = {
  authorities: 'authorities',
  'kubelet-signing': 'kubelet-authorities',
  encryption: 'encryption-key',
  ssh: 'operator-ssh-key',
} as const;

/** As it is at work now: what signs, and what is believed beside it. */
export async function authorities(secrets: Secrets, spec: Cluster): Promise<Authorities> {
  return atWork(secrets, await firstAuthorities(secrets, spec.name), spec);
}

async function firstAuthorities(secrets: Secrets, cluster: string): Promise<Authorities> {
  const name = FIRST.authorities;
  const kept = await secrets.get(name);
  if (kept !== null) return parseAuthorities(kept);
  return parseAuthorities(
    await secrets.putIfAbsent(name, serializeAuthorities(await createAuthorities(cluster))),
  );
}

/** As {@link authorities}, of a store that has them. Null: it has none. */
export async function keptAuthorities(secrets: Readable, spec: Cluster): Promise<Authorities | null> {
  const kept = await secrets.get(FIRST.authorities);
  return kept === null ? null : atWork(secrets, parseAuthorities(kept), spec);
}

async function atWork(secrets: Readable, first: Authorities, spec: Cluster): Promise<Authorities> {
  const root = (what: Rotated, one: Authorities['kubernetes']) => async (generation: number) =>
    generation === 1 ? one : parseAuthority(await later(secrets, what, generation));
  const several = async (what: Rotated, one: Authorities['kubernetes']) => {
    const [signs, ...others] = await Promise.all(orderOf(spec, what).map(root(what, one)));
    return withAlso(signs!, others.map(({ certPem }) => certPem).join(''));
  };
  const tokens = await Promise.all(
    orderOf(spec, 'service-account').map(async (generation) =>
      generation === 1
        ? first.serviceAccount
        : parseTokenKeys(await later(secrets, 'service-account', generation)),
    ),
  );
  const [kubernetes, etcd, frontProxy] = await Promise.all([
    several('ca', first.kubernetes),
    several('etcd-ca', first.etcd),
    several('front-proxy', first.frontProxy),
  ]);
  const serving = servingOf(spec);
  const otherServes = serving !== orderOf(spec, 'ca')[0];
  return {
    ...{ kubernetes, etcd, frontProxy },
    serviceAccount: withAlso(
      tokens[0]!,
      tokens
        .slice(1)
        .map(({ publicKeyPem }) => publicKeyPem)
        .join(''),
    ),
    ...(otherServes ? { serving: await root('ca', first.kubernetes)(serving) } : {}),
  };
}

function withAlso<T extends object>(first: T, also: string): T & { readonly also?: string } {
  return also === '' ? first : { ...first, also };
}

/**
 * A store of before has none: its cluster gets them with the next machine that is provisioned. They live no longer than what they are
 * put beside: whoever is about to use them gets them renewed when that is due.
 */
export async function kubeletAuthorities(secrets: Secrets, spec: Cluster): Promise<KubeletAuthorities> {
  const one = async (generation: number): Promise<KubeletAuthorities> => {
    const kept = parseKubeletAuthorities(await keptOrMade(secrets, 'kubelet-signing', generation, spec.name));
    if (!areDue(kept, Date.now())) return kept;
    const renewed = await renewKubeletAuthorities(kept, spec.name);
    await secrets.put(nameOfSecret('kubelet-signing', generation), serializeKubeletAuthorities(renewed));
    return renewed;
  };
  const all: KubeletAuthorities[] = [];
  for (const generation of orderOf(spec, 'kubelet-signing')) all.push(await one(generation));
  return together(all);
}

/** As {@link kubeletAuthorities}, and nothing is made or renewed. Null: the store has none. */
export async function keptKubeletAuthorities(
  secrets: Readable,
  spec: Cluster,
): Promise<KubeletAuthorities | null> {
  const texts = await textsOf(secrets, 'kubelet-signing', spec);
  return texts && together(texts.map(({ text }) => parseKubeletAuthorities(text)));
}

function together([first, ...others]: readonly KubeletAuthorities[]): KubeletAuthorities {
  const also = (which: 'client' | 'serving') => others.map((one) => one[which].certPem).join('');
  return {
    client: withAlso(first!.client, also('client')),
    serving: withAlso(first!.serving, also('serving')),
  };
}

/** The key that haup logs in to every machine with, and those that machines let in. */
interface OperatorKeys {
  readonly privateKey: string;
  /** One line each, that of `privateKey` first. */
  readonly publicKeys: readonly string[];
}

export async function operatorKeys(secrets: Secrets, spec: Cluster): Promise<OperatorKeys> {
  const keys: z.infer<typeof keyPairSchema>[] = [];
  for (const generation of orderOf(spec, 'ssh')) {
    const text = await keptOrMade(secrets, 'ssh', generation, spec.name);
    keys.push(readStoredSecret(nameOfSecret('ssh', generation), text, keyPairSchema));
  }
  return { privateKey: keys[0]!.privateKey, publicKeys: keys.map(({ publicKey }) => publicKey) };
}

/** As makeKeyPair has it, in JSON. */
export const keyPairSchema = z.object({ privateKey: z.string().min(1), publicKey: z.string().min(1) });

/** What the API servers encrypt Secrets with before they write them: the same for all replicas. */
export async function encryptionKeys(secrets: Secrets, spec: Cluster): Promise<EncryptionKey[]> {
  const keys: EncryptionKey[] = [];
  for (const generation of orderOf(spec, 'encryption'))
    keys.push(encryptionKey(generation, await keptOrMade(secrets, 'encryption', generation, spec.name)));
  return keys;
}

/** As {@link encryptionKeys}, and none is made. Null: the store has none. */
export async function keptEncryptionKeys(secrets: Readable, spec: Cluster): Promise<EncryptionKey[] | null> {
  const texts = await textsOf(secrets, 'encryption', spec);
  return texts?.map(({ generation, text }) => encryptionKey(generation, text)) ?? null;
}

function encryptionKey(generation: number, secret: string): EncryptionKey {
  // 32 bytes: another one would make API servers that cannot read what there is.
  if (!/^[A-Za-z0-9+/]{43}=$/.test(secret)) throw damagedSecret(nameOfSecret('encryption', generation));
  return { name: encryptionKeyName(generation), secret };
}

/** Stands in etcd before each Secret that the key has encrypted. */
export function encryptionKeyName(generation: number): string {
  return `key${generation}`;
}

/**
 * The number of what is to take another's place. What was made for a rotation that was given up has a number of its own: it may have been
 * on machines since, and is never used again.
 */
export async function freshGeneration(
  secrets: Readable,
  what: Rotated,
  { generations, change }: Pick<ClusterSpec, 'generations' | 'change'>,
): Promise<number> {
  const named = [...orderOf({ generations }, what), ...orderOf(change?.before ?? {}, what)];
  let generation = Math.max(...named) + 1;
  while ((await secrets.get(nameOfSecret(what, generation))) !== null) generation++;
  return generation;
}

/** Makes what is to take another's place, unless it is there: it is kept before anything names it. */
export async function makeGeneration(
  secrets: Secrets,
  what: Rotated,
  generation: number,
  cluster: string,
): Promise<void> {
  const name = nameOfSecret(what, generation);
  if ((await secrets.get(name)) !== null) return;
  await secrets.putIfAbsent(name, await MAKE[what](cluster, generation));
}

const MAKE: Readonly<Record<Rotated, (cluster: string, generation: number) => Promise<string>>> = {
  ca: async (cluster, generation) => JSON.stringify(await createSuccessor('kubernetes', cluster, generation)),
  'etcd-ca': async (cluster, generation) =>
    JSON.stringify(await createSuccessor('etcd', cluster, generation)),
  'front-proxy': async (cluster, generation) =>
    JSON.stringify(await createSuccessor('frontProxy', cluster, generation)),
  'kubelet-signing': async (cluster, generation) =>
    serializeKubeletAuthorities(await createKubeletAuthorities(cluster, { generation })),
  'service-account': async () => JSON.stringify(await createTokenKeys()),
  encryption: async () => newEncryptionKey(),
  ssh: async () => JSON.stringify(await makeKeyPair('haup')),
};

/** The first of the three roots and of the tokens' keys are in one secret together. */
function nameOfSecret(what: Rotated, generation: number): string {
  if (generation > 1) return `${what}-${generation}`;
  return what in FIRST ? FIRST[what as keyof typeof FIRST] : FIRST.authorities;
}

/** What is kept for itself. The first is made when it is needed; a later one is there, or the store is damaged. */
async function keptOrMade(
  secrets: Secrets,
  what: 'kubelet-signing' | 'encryption' | 'ssh',
  generation: number,
  cluster: string,
): Promise<string> {
  if (generation > 1) return later(secrets, what, generation);
  const name = nameOfSecret(what, generation);
  return (
    (await secrets.get(name)) ?? (await secrets.putIfAbsent(name, await MAKE[what](cluster, generation)))
  );
}

async function later(secrets: Readable, what: Rotated, generation: number): Promise<string> {
  const name = nameOfSecret(what, generation);
  const text = await secrets.get(name);
  if (text === null) throw damagedSecret(name);
  return text;
}

/** In the order in which they are at work; null where the store has not the first that a cluster has. */
async function textsOf(secrets: Readable, what: Rotated, spec: Cluster) {
  const texts: { readonly generation: number; readonly text: string }[] = [];
  for (const generation of orderOf(spec, what)) {
    const text =
      generation === 1 ? await secrets.get(nameOfSecret(what, 1)) : await later(secrets, what, generation);
    if (text === null) return null;
    texts.push({ generation, text });
  }
  return texts;
}
