import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { derChildren, readTbsCertificate } from './der.ts';
import { PkiError } from './errors.ts';
import { canonicalSan } from './sans.ts';
import { organizations, type Subject } from './subject.ts';
import { type ExtendedKeyUsage, type KeyUsage, keyUsageBits, oids } from './usage.ts';

export interface Expected {
  /** Certificates (PEM) from the issuer up to and including the self-signed root. Of a root itself: empty. */
  readonly chain: readonly string[];
  readonly commonName: string;
  readonly organization: Subject['organization'];
  /** Exactly these, in any order. */
  readonly sans: readonly string[];
  readonly keyUsage: readonly KeyUsage[];
  readonly extendedKeyUsage: readonly ExtendedKeyUsage[];
  /** null: must not be an authority. */
  readonly authority: { readonly pathLength: number } | null;
  /** The private key (PEM) that must belong to it; left out when it is elsewhere. */
  readonly keyPem?: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * Judges a certificate with node:crypto and a DER reader of our own, never with the library that made it: signatures and
 * issuers up to a root that signs itself, dates of the whole chain, subject, names, usages, path length, key.
 * @throws PkiError that lists everything that is wrong.
 */
export function check(certPem: string, expected: Expected): void {
  const certificate = read(certPem);
  const wrong = [
    ...chainFaults(certificate, expected),
    ...subjectFaults(certificate, expected),
    ...sanFaults(certificate, expected.sans),
    ...usageFaults(certificate, expected),
    ...keyFaults(certificate, expected.keyPem),
  ];
  if (wrong.length > 0)
    throw new PkiError(`the certificate of ${expected.commonName} is wrong: ${wrong.join('; ')}`);
}

function read(certPem: string): X509Certificate {
  try {
    return new X509Certificate(certPem);
  } catch (cause) {
    throw new PkiError('not a certificate in PEM', { cause });
  }
}

function chainFaults(certificate: X509Certificate, { chain, now }: Expected): string[] {
  const faults = dateFaults(certificate, now);
  let below = certificate;
  chain.map(read).forEach((issuer, depth) => {
    if (!below.checkIssued(issuer)) faults.push(`its issuer is not ${flat(issuer.subject)}`);
    if (!below.verify(issuer.publicKey)) faults.push(`not signed by ${flat(issuer.subject)}`);
    if (!issuer.ca) faults.push(`${flat(issuer.subject)} is not an authority`);
    const limit = readConstraints(issuer)?.pathLength ?? depth;
    if (limit < depth) faults.push(`${flat(issuer.subject)} may not sign authorities`);
    faults.push(...dateFaults(issuer, now));
    below = issuer;
  });
  if (!below.checkIssued(below) || !below.verify(below.publicKey))
    faults.push('the chain does not end in a root');
  return faults;
}

function dateFaults(certificate: X509Certificate, now: number): string[] {
  const { subject, validFrom, validTo } = certificate;
  if (now < Date.parse(validFrom)) return [`${flat(subject)} is not valid before ${validFrom}`];
  return now > Date.parse(validTo) ? [`${flat(subject)} expired on ${validTo}`] : [];
}

function subjectFaults(certificate: X509Certificate, { commonName, organization }: Expected): string[] {
  const want = [...organizations({ organization }).map((each) => `O=${each}`), `CN=${commonName}`].join('\n');
  return certificate.subject === want
    ? []
    : [`its subject is ${flat(certificate.subject)}, not ${flat(want)}`];
}

function sanFaults(certificate: X509Certificate, sans: readonly string[]): string[] {
  const have = new Set(readSans(certificate));
  const want = new Set(sans.map(canonicalSan));
  const answers = (san: string): boolean =>
    isIP(san)
      ? certificate.checkIP(san) !== undefined
      : certificate.checkHost(san, { subject: 'never' }) !== undefined;
  return [
    ...[...want]
      .filter((san) => !have.has(san) || !answers(san))
      .map((san) => `${san} is not among its names`),
    ...[...have].filter((san) => !want.has(san)).map((san) => `it also names ${san}`),
  ];
}

function usageFaults(certificate: X509Certificate, expected: Expected): string[] {
  const faults: string[] = [];
  const purposes = [...(certificate.keyUsage ?? [])].sort().join(); // node's name for the extended key usage
  if (
    purposes !==
    expected.extendedKeyUsage
      .map((purpose) => oids[purpose])
      .sort()
      .join()
  )
    faults.push(`its extended key usage is not ${expected.extendedKeyUsage.join('+') || 'unrestricted'}`);
  const want = keyUsageBits(expected.keyUsage);
  const usage = extensionOf(certificate, oids.keyUsage);
  if (!usage?.critical || !usage.value.equals(Buffer.from([0x03, 0x02, want.unused, want.octet])))
    faults.push(`its key usage is not ${expected.keyUsage.join('+')}`);
  const constraints = readConstraints(certificate);
  // not node's `ca`, which is false as soon as the key usage contradicts the constraints
  if (constraints?.critical !== true || constraints.authority !== (expected.authority !== null))
    faults.push(constraints?.authority ? 'it is an authority' : 'it is not an authority');
  if (expected.authority && constraints?.pathLength !== expected.authority.pathLength)
    faults.push(`its path length is not ${expected.authority.pathLength}`);
  return faults;
}

function keyFaults(certificate: X509Certificate, keyPem: string | undefined): string[] {
  if (keyPem === undefined) return [];
  let key: KeyObject;
  try {
    key = createPrivateKey(keyPem);
  } catch {
    return ['its private key cannot be read']; // the cause may quote the key
  }
  return certificate.checkPrivateKey(key) ? [] : ['it belongs to another private key'];
}

/** RFC 5280 §4.2.1.9: SEQUENCE { cA BOOLEAN, pathLenConstraint INTEGER }, both optional. */
function readConstraints(certificate: X509Certificate) {
  const extension = extensionOf(certificate, oids.basicConstraints);
  if (extension === undefined) return null;
  const parts = derChildren(extension.value);
  const length = parts.find((element) => element.tag === 0x02)?.content;
  return {
    critical: extension.critical,
    authority: parts.some((element) => element.tag === 0x01 && element.content[0] === 0xff),
    pathLength: length ? length.readUIntBE(0, length.length) : null,
  };
}

function readSans(certificate: X509Certificate): string[] {
  const names = extensionOf(certificate, oids.subjectAltName);
  if (names === undefined) return [];
  return derChildren(names.value).map(({ tag, content }) => {
    if (tag === 0x82) return canonicalSan(content.toString('latin1'));
    if (tag === 0x87 && content.length === 4) return content.join('.');
    if (tag === 0x87 && content.length === 16)
      return canonicalSan(content.toString('hex').match(/.{4}/g)!.join(':'));
    return `a name of another kind (tag ${tag})`;
  });
}

function extensionOf(certificate: X509Certificate, dotted: string) {
  return readTbsCertificate(certificate.raw).extensions.get(dotted);
}

/** node writes a name one attribute a line. */
function flat(name: string): string {
  return name.replaceAll('\n', ', ');
}
