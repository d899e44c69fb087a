import { createHash, X509Certificate } from 'node:crypto';
import { commonNameIn } from '../../pki/subject.ts';
import { remembering } from '../../util/remembering.ts';
import { rfc3339 } from '../../util/text/rfc3339.ts';
import { paths } from '../paths.ts';
import type { Marker } from './marker.ts';

/** A certificate as it lies on a machine. */
export interface SeenCertificate {
  /** Below the folder of certificates: `apiserver.crt`, `etcd/peer.crt`; in a kubeconfig: `scheduler.conf`. */
  readonly file: string;
  readonly commonName: string;
  /** The issuer's common name. */
  readonly issuer: string;
  /** SHA-256 of the issuer's certificate, if it is one of those on the machine. */
  readonly issuedBy: string | null;
  /** DNS names and IP addresses. */
  readonly names: readonly string[];
  /** RFC 3339. */
  readonly notBefore: string;
  readonly notAfter: string;
  /** Itself an authority. */
  readonly authority: boolean;
}

/** All that can be different about a master, read from the files on it, never from a record of what was once put there. */
export interface Revision {
  readonly kubernetesVersion: string;
  readonly etcdVersion: string;
  /** One for all of `configuration`. */
  readonly digest: string;
  /** Units, settings and add-ons: SHA-256 in hex, by path: `units/etcd.service`, `config/audit.yaml`. */
  readonly configuration: Readonly<Record<string, string>>;
  /** The authorities that are believed, by purpose, which is the file: SHA-256 of each certificate, in order. */
  readonly trust: Readonly<Record<string, readonly string[]>>;
  readonly certificates: readonly SeenCertificate[];
  /** What keys there are, by purpose, the one that is written or signed with first: see {@link keyId}. */
  readonly keys: Readonly<Record<string, readonly string[]>>;
}

/** What a master should be: a revision, of which a certificate's dates and key are its own affair. */
export interface WantedRevision extends Omit<Revision, 'digest' | 'certificates'> {
  readonly certificates: readonly WantedCertificate[];
}

export interface WantedCertificate extends Pick<SeenCertificate, 'file' | 'commonName'> {
  readonly issuedBy: string;
  /** At least these. */
  readonly names: readonly string[];
}

const ID_LENGTH = 16;

/** Names a key without giving it away: of a key of 256 random bits nobody finds out anything by its SHA-256. */
export function keyId(key: string | Buffer): string {
  return sha256(key).slice(0, ID_LENGTH);
}

/** One digest for files by path, whatever their order. */
export function configurationDigest(configuration: Readonly<Record<string, string>>): string {
  return sha256(JSON.stringify(Object.entries(configuration).sort(([a], [b]) => (a < b ? -1 : 1))));
}

/** SHA-256, in hex. */
export function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

/** As everybody writes it, 64 characters a line: nothing that was torn or mixed with something else passes. */
const PEM =
  /-----BEGIN [A-Z ]+-----\n(?:[A-Za-z0-9+/]{64}\n)*[A-Za-z0-9+/]{1,64}={0,2}\n-----END [A-Z ]+-----\n/g;

/** The certificates or public keys of a text, each with its BEGIN and END; null when there is anything else in it. */
export function pemBlocks(text: string): string[] | null {
  const blocks = text.match(PEM) ?? [];
  return blocks.join('') === text ? blocks : null;
}

/** As `trust` has it: the SHA-256 of a certificate, upper-case hex in pairs. @throws Error for what is none. */
export function fingerprint(pem: string): string {
  return new X509Certificate(pem).fingerprint256;
}

/** Files that say whom a master believes, and their keys if it has them. */
const TRUST = /^(.+-)?ca\.crt$|^etcd\/ca\.crt$/;

/**
 * Reads what a machine printed of its files (inspect.ts). Null when a part of it is not as it was written.
 * @param files `# <path>` before each: certificates and public keys, and of kubeconfigs the certificate in base64.
 * @param digests lines of sha256sum; those of `-` are the keys of the encryption at rest, in order.
 */
export function parseRevision(marker: Marker, files: string, digests: string): Revision | null {
  const pki = readPki(files);
  const sums = readDigests(digests);
  if (!pki || !sums) return null;
  const { configuration, keys, encryption } = sums;
  return {
    kubernetesVersion: marker.kubernetesVersion,
    etcdVersion: marker.etcdVersion,
    digest: configurationDigest(configuration),
    configuration,
    trust: pki.trust,
    certificates: pki.certificates,
    keys: {
      'service-account': pki.publicKeys,
      encryption,
      ...Object.fromEntries(Object.entries(keys).map(([file, id]) => [file, [id]])),
    },
  };
}

interface Pki extends Pick<Revision, 'trust' | 'certificates'> {
  /** Ids of those whose tokens are good. */
  readonly publicKeys: readonly string[];
}

/** More than there are masters: of each, what it has shown last. */
const MACHINES = 32;

/** At every look each master shows a dozen certificates, which take 25 ms to read, and are mostly those of the last look. */
const readPki = remembering(MACHINES, (files): Pki | null => {
  const texts = readFiles(files);
  if (!texts) return null;
  const certificates = new Map<string, X509Certificate[]>();
  for (const [file, text] of texts) {
    if (file === 'sa.pub') continue;
    const read = readCertificates(text);
    if (!read) return null;
    certificates.set(file, read);
  }
  const publicKeys = pemBlocks(texts.get('sa.pub') ?? '');
  if (!publicKeys) return null;
  const trust = [...certificates].filter(([file]) => TRUST.test(file));
  const authorities = trust.flatMap(([, list]) => list);
  return {
    trust: Object.fromEntries(trust.map(([file, list]) => [file, list.map((ca) => ca.fingerprint256)])),
    certificates: [...certificates].flatMap(([file, list]) =>
      list.map((certificate) => asSeen(file, certificate, authorities)),
    ),
    publicKeys: publicKeys.map((pem) => keyId(pem)),
  };
});

/** By path below the folder of certificates. */
function readFiles(text: string): Map<string, string> | null {
  const files = new Map<string, string>();
  const [before, ...parts] = text.split(/^# /m);
  if (before !== '') return null;
  for (const part of parts) {
    const [, file, content] = /^pki\/(\S+)\n([\s\S]+)$/.exec(part) ?? [];
    if (file === undefined || content === undefined || files.has(file)) return null;
    files.set(file, file.endsWith('.conf') ? Buffer.from(content, 'base64').toString('latin1') : content);
  }
  return files;
}

function readDigests(text: string) {
  const configuration: Record<string, string> = {};
  const keys: Record<string, string> = {};
  const encryption: string[] = [];
  for (const line of text.split('\n').slice(0, -1)) {
    const [, hex, path] = /^([0-9a-f]{64}) {2}(\S+)$/.exec(line) ?? [];
    if (!hex || !path) return null;
    const name = path.replace(`${paths.units}/`, 'units/');
    if (name === '-') encryption.push(hex.slice(0, ID_LENGTH));
    else if (name.startsWith('pki/')) keys[name.slice(4)] = hex.slice(0, ID_LENGTH);
    else configuration[name] = hex;
  }
  return text === '' || text.endsWith('\n') ? { configuration, keys, encryption } : null;
}

function readCertificates(text: string): X509Certificate[] | null {
  const blocks = pemBlocks(text);
  if (!blocks?.length) return null;
  try {
    return blocks.map((pem) => new X509Certificate(pem));
  } catch {
    return null;
  }
}

function asSeen(
  file: string,
  certificate: X509Certificate,
  authorities: readonly X509Certificate[],
): SeenCertificate {
  const { subject, issuer, validFrom, validTo, subjectAltName = '' } = certificate;
  return {
    file,
    commonName: commonNameIn(subject),
    issuer: commonNameIn(issuer),
    issuedBy: authorities.find((ca) => certificate.checkIssued(ca))?.fingerprint256 ?? null,
    names: [...subjectAltName.matchAll(/(?:DNS|IP Address):([^,\s]+)/g)].map((match) => match[1]!),
    notBefore: rfc3339(validFrom),
    notAfter: rfc3339(validTo),
    authority: certificate.ca,
  };
}
