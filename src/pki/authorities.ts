import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { signCertificate } from './certificate.ts';
import { check } from './check.ts';
import { PkiError } from './errors.ts';
import { newKey, readKey } from './keys.ts';
import { AUTHORITY_NAMES, nameOf } from './names.ts';
import type { ExtendedKeyUsage } from './usage.ts';
import { validity } from './validity.ts';

const authoritySchema = z.strictObject({ certPem: z.string(), keyPem: z.string() });
const tokenKeysSchema = z.strictObject({ publicKeyPem: z.string(), privateKeyPem: z.string() });
const authoritiesSchema = z.strictObject({
  kubernetes: authoritySchema,
  etcd: authoritySchema,
  frontProxy: authoritySchema,
  serviceAccount: tokenKeysSchema,
});
/** Stores of before had an intermediate here, below `kubernetes`: it is never issued to a master again. */
const storedSchema = authoritiesSchema.extend({ kubeletSigning: z.unknown().optional() });

/** A certificate and its PKCS #8 private key, both in PEM: it signs. */
export interface Authority extends Readonly<z.infer<typeof authoritySchema>> {
  /** Certificates, PEM, that are believed beside it while one takes the other's place. */
  readonly also?: string;
}

/** Signs service accounts' tokens (public key: SPKI PEM). */
export interface TokenKeys extends Readonly<z.infer<typeof tokenKeysSchema>> {
  /** Public keys, PEM, whose tokens are good beside its own. */
  readonly also?: string;
}

/**
 * Everything that the cluster's trust rests on, all of it secret, none of it but `serviceAccount` ever on a machine. The three
 * roots sign nothing for one another, so that an etcd client is nobody to the API server.
 */
export interface Authorities {
  readonly kubernetes: Authority;
  readonly etcd: Authority;
  readonly frontProxy: Authority;
  readonly serviceAccount: TokenKeys;
  /** Signs what masters show to their clients, which may believe it alone. Absent: `kubernetes` does. */
  readonly serving?: Authority;
}

/** Who is believed where this authority is, PEM, the one that signs first. */
export function believed({ certPem, also = '' }: Authority): string {
  return certPem + also;
}

export interface RootOptions {
  readonly commonName: string;
  /** The cluster: becomes the O, for those who read certificates. */
  readonly cluster: string;
  readonly lifetime: 'authority' | 'kubeletAuthority';
  /** Empty: no restriction. */
  readonly extendedKeyUsage: readonly ExtendedKeyUsage[];
  readonly now: number;
  /** A private key (PKCS #8 PEM) to go on with; a new one unless given. */
  readonly keyPem?: string;
}

/** New authorities for a cluster, good for ten years. */
export async function createAuthorities(
  cluster: string,
  options: { readonly now?: number } = {},
): Promise<Authorities> {
  const now = options.now ?? Date.now();
  const root = (commonName: string) =>
    createRoot({ commonName, cluster, lifetime: 'authority', extendedKeyUsage: [], now });
  const [kubernetes, etcd, frontProxy, serviceAccount] = await Promise.all([
    root(AUTHORITY_NAMES.kubernetes),
    root(AUTHORITY_NAMES.etcd),
    root(AUTHORITY_NAMES.frontProxy),
    createTokenKeys(),
  ]);
  return { kubernetes, etcd, frontProxy, serviceAccount };
}

/**
 * A later one in the place of the first, good for ten years. Its name says which it is: who reads certificates tells them apart by it,
 * and so does every verifier that looks for an issuer.
 */
export function createSuccessor(
  root: 'kubernetes' | 'etcd' | 'frontProxy',
  cluster: string,
  generation: number,
  options: { readonly now?: number } = {},
): Promise<Authority> {
  return createRoot({
    commonName: nameOf(AUTHORITY_NAMES[root], generation),
    cluster,
    lifetime: 'authority',
    extendedKeyUsage: [],
    now: options.now ?? Date.now(),
  });
}

export async function createTokenKeys(): Promise<TokenKeys> {
  const { publicKey, keyPem } = await newKey();
  return {
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }) as string,
    privateKeyPem: keyPem,
  };
}

/** A new self-signed root that has no authority below it. */
export async function createRoot(options: RootOptions): Promise<Authority> {
  const { commonName, cluster, lifetime, extendedKeyUsage, now } = options;
  const { publicKey, privateKey, keyPem } =
    options.keyPem === undefined ? await newKey() : readKey(options.keyPem);
  const subject = { commonName, organization: cluster };
  const rules = {
    keyUsage: ['digitalSignature', 'keyCertSign', 'cRLSign'] as const,
    extendedKeyUsage,
    authority: { pathLength: 0 },
    sans: [],
  };
  const certPem = signCertificate(
    { subject, publicKey, ...validity(lifetime, now), ...rules },
    { certificate: null, privateKey },
  );
  check(certPem, { ...subject, ...rules, chain: [], keyPem, now });
  return { certPem, keyPem };
}

/** One text for all of them: kept as one secret, they are there together or not at all. */
export function serializeAuthorities(authorities: Authorities): string {
  return `${JSON.stringify(authorities, null, 2)}\n`;
}

/** @throws PkiError when the text is not of {@link serializeAuthorities}, or a key belongs to another certificate. */
export function parseAuthorities(text: string): Authorities {
  return readSecret(text, (json) => {
    const { kubeletSigning: _, ...authorities } = storedSchema.parse(json);
    const { kubernetes, etcd, frontProxy, serviceAccount } = authorities;
    for (const root of [kubernetes, etcd, frontProxy]) checkPair(root);
    checkTokenKeys(serviceAccount);
    return authorities;
  });
}

/** One of {@link createSuccessor}, as JSON. @throws PkiError as {@link parseAuthorities}. */
export function parseAuthority(text: string): Authority {
  return readSecret(text, (json) => {
    const authority = authoritySchema.parse(json);
    checkPair(authority);
    return authority;
  });
}

/** Of {@link createTokenKeys}, as JSON. @throws PkiError as {@link parseAuthorities}. */
export function parseTokenKeys(text: string): TokenKeys {
  return readSecret(text, (json) => {
    const keys = tokenKeysSchema.parse(json);
    checkTokenKeys(keys);
    return keys;
  });
}

function checkTokenKeys({ publicKeyPem, privateKeyPem }: TokenKeys): void {
  if (!createPublicKey(privateKeyPem).equals(createPublicKey(publicKeyPem))) throw new Error('key mismatch');
}

/** @throws Error when the key belongs to another certificate. */
export function checkPair({ certPem, keyPem }: Authority): void {
  if (!new X509Certificate(certPem).checkPrivateKey(createPrivateKey(keyPem)))
    throw new Error('key mismatch');
}

/** Reads a kept secret of authorities. @throws PkiError without a cause, which may quote the text. */
export function readSecret<T>(text: string, read: (json: unknown) => T): T {
  try {
    return read(JSON.parse(text));
  } catch {
    throw new PkiError('the stored authorities cannot be read', {
      kind: 'stored',
      advice: "restore the store's secrets from a backup",
    });
  }
}
