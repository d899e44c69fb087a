import { createPrivateKey, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { Authorities, Authority } from './authorities.ts';
import { signCertificate } from './certificate.ts';
import { check } from './check.ts';
import { PkiError } from './errors.ts';
import { newKey } from './keys.ts';
import type { KubeletAuthorities } from './kubelet-authorities.ts';
import {
  type ClientProfileName,
  clientProfiles,
  type LeafAuthority,
  type ReplicaIdentity,
  type ServingProfileName,
  servingProfiles,
} from './profiles.ts';
import { canonicalSan } from './sans.ts';
import type { Subject } from './subject.ts';
import type { ExtendedKeyUsage } from './usage.ts';
import { validity } from './validity.ts';

/** A leaf certificate and its PKCS #8 private key, both in PEM. */
export interface Issued {
  readonly certPem: string;
  readonly keyPem: string;
}

interface IssueOptions {
  /** Milliseconds since the epoch; the current time unless given. */
  readonly now?: number;
  /** A year unless given. */
  readonly lifetimeMs?: number;
}

/** A new key and client certificate, checked. @throws PkiError */
export function issueClient(
  name: ClientProfileName,
  authorities: Authorities,
  options: IssueOptions = {},
): Promise<Issued> {
  const profile = clientProfiles[name];
  return issueLeaf({ ...profile, sans: [] }, authorities[profile.signedBy], options);
}

/** haup's own use of the API takes minutes, and so does what a thief of such a certificate has of it. */
const OWN_USE_MS = 15 * 60_000;

/** An administrator's certificate for haup itself, which lives for as long as one step does. @throws PkiError */
export function issueOwnAdmin(authorities: Authorities): Promise<Issued> {
  return issueClient('admin', authorities, { lifetimeMs: OWN_USE_MS });
}

/**
 * A person's key and client certificate, checked: `name` is the user to the API server, `groups` what RBAC knows them by.
 * @throws PkiError
 */
export function issueUser(
  { name, groups }: { readonly name: string; readonly groups: readonly string[] },
  authorities: Authorities,
  options: IssueOptions & { readonly lifetimeMs: number },
): Promise<Issued> {
  const leaf = {
    commonName: name,
    organization: groups,
    extendedKeyUsage: ['clientAuth'] as const,
    sans: [],
  };
  return issueLeaf(leaf, authorities.kubernetes, options);
}

/** A new key and serving certificate for a replica, good for a year, checked. @throws PkiError */
export function issueServing(
  name: ServingProfileName,
  replica: ReplicaIdentity,
  authorities: Authorities,
  options: IssueOptions = {},
): Promise<Issued> {
  const profile = servingProfiles[name];
  const leaf = {
    ...profile,
    commonName: profile.commonName(replica),
    sans: checkedSans(profile.sans(replica)),
  };
  return issueLeaf(leaf, signerOf(authorities, servingSigner(name)), options);
}

/** Who signs leaves: `serving` stands for `kubernetes` where nothing else is said. */
export type LeafSigner = LeafAuthority | 'serving';

export function servingSigner(name: ServingProfileName): LeafSigner {
  const { signedBy } = servingProfiles[name];
  return signedBy === 'kubernetes' ? 'serving' : signedBy;
}

export function signerOf(authorities: Authorities, signer: LeafSigner): Authority {
  return signer === 'serving' ? (authorities.serving ?? authorities.kubernetes) : authorities[signer];
}

/**
 * A new key and a kubelet's serving certificate, good for a year at most, checked: named as Kubernetes' own signer wants it
 * (certificates.k8s.io: "kubernetes.io/kubelet-serving"), by the root that API servers believe for kubelets alone. @throws PkiError
 */
export function issueKubeletServing(
  node: { readonly name: string; readonly internalIp: string },
  { serving }: KubeletAuthorities,
  options: IssueOptions = {},
): Promise<Issued> {
  const leaf = {
    commonName: `system:node:${node.name}`,
    organization: 'system:nodes',
    extendedKeyUsage: ['serverAuth'] as const,
    sans: checkedSans([node.name, node.internalIp]),
  };
  return issueLeaf(leaf, serving, options);
}

function checkedSans(names: readonly string[]): string[] {
  const sans = [...new Set(names.map(canonicalSan))];
  const bad = sans.find((san) => !isIP(san) && !dnsName.test(san));
  if (bad !== undefined) throw new PkiError(`${bad} is neither a DNS name nor an IP address`);
  return sans;
}

/** RFC 1123 labels; a wildcard is never wanted here. */
const dnsName = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;

interface Leaf extends Subject {
  readonly extendedKeyUsage: readonly ExtendedKeyUsage[];
  readonly sans: readonly string[];
}

async function issueLeaf(leaf: Leaf, authority: Authority, options: IssueOptions): Promise<Issued> {
  const { now = Date.now(), lifetimeMs } = options;
  const issuer = new X509Certificate(authority.certPem);
  const { publicKey, keyPem } = await newKey();
  // An elliptic key only signs: keyEncipherment is for RSA.
  const rules = { ...leaf, keyUsage: ['digitalSignature'] as const, authority: null };
  const certPem = signCertificate(
    {
      subject: leaf,
      publicKey,
      ...validity(lifetimeMs === undefined ? 'leaf' : { lifetimeMs }, now, issuer),
      ...rules,
    },
    { certificate: issuer, privateKey: createPrivateKey(authority.keyPem) },
  );
  check(certPem, { ...rules, chain: [authority.certPem], keyPem, now });
  return { certPem, keyPem };
}
