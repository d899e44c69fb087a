import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { signCertificate } from './certificate.ts';
import { check } from './check.ts';
import { PkiError } from './errors.ts';
import { type NewKey, newKey } from './keys.ts';
import type { ExtendedKeyUsage } from './usage.ts';
import { validity } from './validity.ts';

const authoritySchema = z.strictObject({ certPem: z.string(), keyPem: z.string() });
const authoritiesSchema = z.strictObject({
  kubernetes: authoritySchema,
  etcd: authoritySchema,
  frontProxy: authoritySchema,
  kubeletSigning: authoritySchema,
  serviceAccount: z.strictObject({ publicKeyPem: z.string(), privateKeyPem: z.string() }),
});

/** A certificate and its PKCS #8 private key, both in PEM. */
export type Authority = z.infer<typeof authoritySchema>;

/**
 * Everything that the cluster's trust rests on, all of it secret. The three roots sign nothing for one another, so that
 * an etcd client is nobody to the API server. `kubeletSigning` is an intermediate under `kubernetes`, the only
 * authority whose key goes to the masters: it signs client and serving certificates and no further authority.
 * `serviceAccount` signs service accounts' tokens (public key: SPKI PEM).
 */
export type Authorities = z.infer<typeof authoritiesSchema>;

type Root = 'kubernetes' | 'etcd' | 'frontProxy';
const rootNames = { kubernetes: 'kubernetes-ca', etcd: 'etcd-ca', frontProxy: 'front-proxy-ca' } as const;
/** Path lengths: only the Kubernetes root has an authority below it. */
const pathLengths = { kubernetes: 1, etcd: 0, frontProxy: 0 } as const;
const authorityUsage = ['digitalSignature', 'keyCertSign', 'cRLSign'] as const;
const kubeletUsage: readonly ExtendedKeyUsage[] = ['clientAuth', 'serverAuth'];

/** New authorities for a cluster, good for ten years. Its name becomes their O, for those who read certificates. */
export async function createAuthorities(
  cluster: string,
  options: { readonly now?: number } = {},
): Promise<Authorities> {
  const now = options.now ?? Date.now();
  const [kubernetes, etcd, frontProxy, kubeletSigning, serviceAccount] = await Promise.all([
    createRoot('kubernetes', cluster, now),
    createRoot('etcd', cluster, now),
    createRoot('frontProxy', cluster, now),
    newKey(),
    newKey(),
  ]);
  return {
    kubernetes,
    etcd,
    frontProxy,
    kubeletSigning: createKubeletSigning(kubernetes, kubeletSigning, cluster, now),
    serviceAccount: {
      publicKeyPem: serviceAccount.publicKey.export({ type: 'spki', format: 'pem' }) as string,
      privateKeyPem: serviceAccount.keyPem,
    },
  };
}

async function createRoot(root: Root, cluster: string, now: number): Promise<Authority> {
  const { publicKey, privateKey, keyPem } = await newKey();
  const subject = { commonName: rootNames[root], organization: cluster };
  const rules = {
    keyUsage: authorityUsage,
    extendedKeyUsage: [],
    authority: { pathLength: pathLengths[root] },
    sans: [],
  };
  const certPem = signCertificate(
    { subject, publicKey, ...validity('authority', now), ...rules },
    { certificate: null, privateKey },
  );
  check(certPem, { ...subject, ...rules, chain: [], keyPem, now });
  return { certPem, keyPem };
}

function createKubeletSigning(root: Authority, key: NewKey, cluster: string, now: number): Authority {
  const subject = { commonName: 'kubelet-signing', organization: cluster };
  const rules = {
    keyUsage: authorityUsage,
    extendedKeyUsage: kubeletUsage,
    authority: { pathLength: 0 },
    sans: [],
  };
  const certificate = new X509Certificate(root.certPem);
  const certPem = signCertificate(
    { subject, publicKey: key.publicKey, ...validity('authority', now, certificate), ...rules },
    { certificate, privateKey: createPrivateKey(root.keyPem) },
  );
  check(certPem, { ...subject, ...rules, chain: [root.certPem], keyPem: key.keyPem, now });
  return { certPem, keyPem: key.keyPem };
}

/** One text for all of them: kept as one secret, they are there together or not at all. */
export function serializeAuthorities(authorities: Authorities): string {
  return `${JSON.stringify(authorities, null, 2)}\n`;
}

/** @throws PkiError when the text is not of {@link serializeAuthorities}, or a key belongs to another certificate. */
export function parseAuthorities(text: string): Authorities {
  try {
    const authorities = authoritiesSchema.parse(JSON.parse(text));
    for (const { certPem, keyPem } of [
      authorities.kubernetes,
      authorities.etcd,
      authorities.frontProxy,
      authorities.kubeletSigning,
    ])
      if (!new X509Certificate(certPem).checkPrivateKey(createPrivateKey(keyPem)))
        throw new Error('key mismatch');
    const { publicKeyPem, privateKeyPem } = authorities.serviceAccount;
    if (!createPublicKey(privateKeyPem).equals(createPublicKey(publicKeyPem)))
      throw new Error('key mismatch');
    return authorities;
  } catch {
    // No cause: it may quote the text, which is secret.
    throw new PkiError("the stored authorities cannot be read: restore the store's secrets from a backup");
  }
}
