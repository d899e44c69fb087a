import { X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { type Authority, checkPair, createRoot, readSecret } from './authorities.ts';
import { isDue } from './due.ts';
import { AUTHORITY_NAMES, nameOf } from './names.ts';
import { commonNameIn } from './subject.ts';

const schema = z.strictObject({
  client: z.strictObject({ certPem: z.string(), keyPem: z.string() }),
  serving: z.strictObject({ certPem: z.string(), keyPem: z.string() }),
});

/**
 * What the controller managers sign with, so that nodes can join: the only authorities whose keys are on masters. Each is a
 * root of its own, for one purpose, and no client of the API trusts either: an intermediate below `ca.crt` could sign a false
 * API server and an administrator that everybody believes for as long as `ca.crt` lives. `client` is believed by the API
 * servers for clients, `serving` by the API servers for kubelets.
 *
 * Good for a year, and apart from the other authorities in the store, so that they can be exchanged without those. That takes
 * two rounds over the masters (trust both, then sign with the new one), since a root must be trusted everywhere before it signs.
 */
export interface KubeletAuthorities {
  readonly client: Authority;
  readonly serving: Authority;
}

/** `generation`: 1 unless they are to take others' place. */
export async function createKubeletAuthorities(
  cluster: string,
  options: { readonly now?: number; readonly generation?: number } = {},
): Promise<KubeletAuthorities> {
  const { now = Date.now(), generation = 1 } = options;
  const root = (commonName: string, purpose: 'clientAuth' | 'serverAuth'): Promise<Authority> =>
    createRoot({
      commonName: nameOf(commonName, generation),
      cluster,
      lifetime: 'kubeletAuthority',
      extendedKeyUsage: [purpose],
      now,
    });
  const [client, serving] = await Promise.all([
    root(AUTHORITY_NAMES.kubeletClient, 'clientAuth'),
    root(AUTHORITY_NAMES.kubeletServing, 'serverAuth'),
  ]);
  return { client, serving };
}

/**
 * The same authorities with their keys, from now on good for another year: whom they signed is believed by who believes either, so
 * that nobody has to be told before it is used. A key that may be known to somebody else needs another authority, not this.
 */
export async function renewKubeletAuthorities(
  { client, serving }: KubeletAuthorities,
  cluster: string,
  options: { readonly now?: number } = {},
): Promise<KubeletAuthorities> {
  const now = options.now ?? Date.now();
  const again = ({ certPem, keyPem }: Authority, purpose: 'clientAuth' | 'serverAuth') =>
    createRoot({
      commonName: commonNameIn(new X509Certificate(certPem).subject),
      cluster,
      lifetime: 'kubeletAuthority',
      extendedKeyUsage: [purpose],
      now,
      keyPem,
    });
  const [newClient, newServing] = await Promise.all([
    again(client, 'clientAuth'),
    again(serving, 'serverAuth'),
  ]);
  return { client: newClient, serving: newServing };
}

/** Less than a third of their life is left, as of leaves that are renewed. */
export function areDue({ client, serving }: KubeletAuthorities, now: number): boolean {
  return [client, serving].some(({ certPem }) => {
    const { validFrom, validTo } = new X509Certificate(certPem);
    return isDue(Date.parse(validFrom), Date.parse(validTo), now);
  });
}

export function serializeKubeletAuthorities(authorities: KubeletAuthorities): string {
  return `${JSON.stringify(authorities, null, 2)}\n`;
}

/** @throws PkiError when the text is not of {@link serializeKubeletAuthorities}, or a key belongs to another certificate. */
export function parseKubeletAuthorities(text: string): KubeletAuthorities {
  return readSecret(text, (json) => {
    const authorities = schema.parse(json);
    checkPair(authorities.client);
    checkPair(authorities.serving);
    return authorities;
  });
}
