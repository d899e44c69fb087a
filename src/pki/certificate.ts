import { type KeyObject, randomBytes, sign, type X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import forge from 'node-forge';
import { readTbsCertificate } from './der.ts';
import { keyIdentifier } from './keys.ts';
import { ipOctets } from './sans.ts';
import { organizations, type Subject } from './subject.ts';
import { type ExtendedKeyUsage, type KeyUsage, keyUsageBits, oids } from './usage.ts';

const { asn1 } = forge;
type Asn1 = forge.asn1.Asn1;

export interface CertificateTemplate {
  readonly subject: Subject;
  readonly publicKey: KeyObject;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly keyUsage: readonly KeyUsage[];
  /** Empty: no restriction (the extension is left out). */
  readonly extendedKeyUsage: readonly ExtendedKeyUsage[];
  /** null: not an authority. */
  readonly authority: { readonly pathLength: number } | null;
  /** IP addresses and DNS names, in any order. */
  readonly sans: readonly string[];
}

/** Who signs: an authority, or null for self-signed. */
export interface Signer {
  readonly certificate: X509Certificate | null;
  readonly privateKey: KeyObject;
}

const universal = (type: number, value: string | Asn1[]): Asn1 =>
  asn1.create(asn1.Class.UNIVERSAL, type, Array.isArray(value), value);
const sequence = (...elements: Asn1[]): Asn1 => universal(asn1.Type.SEQUENCE, elements);
const oid = (dotted: string): Asn1 => universal(asn1.Type.OID, asn1.oidToDer(dotted).getBytes());
const bitString = (bits: string, unused = 0): Asn1 =>
  universal(asn1.Type.BITSTRING, String.fromCharCode(unused) + bits);
const tagged = (tag: number, constructed: boolean, value: string | Asn1[]): Asn1 =>
  asn1.create(asn1.Class.CONTEXT_SPECIFIC, tag, constructed, value);
/** forge holds octets in strings, one a character. */
const octets = (buffer: Buffer): string => buffer.toString('latin1');
const encode = (element: Asn1): Buffer => Buffer.from(asn1.toDer(element).getBytes(), 'latin1');
const decode = (der: Buffer): Asn1 => asn1.fromDer(octets(der));

/**
 * An X.509 v3 certificate, ECDSA with SHA-256, in PEM. forge lays out the structure; node:crypto signs it, because forge
 * knows RSA only. Names are UTF8String; the issuer's name is copied octet for octet from its certificate.
 */
export function signCertificate(template: CertificateTemplate, signer: Signer): string {
  const signature = sequence(oid(oids.ecdsaWithSha256));
  const subject = name(template.subject);
  const issuer = signer.certificate;
  const tbs = sequence(
    tagged(0, true, [universal(asn1.Type.INTEGER, '\x02')]),
    universal(asn1.Type.INTEGER, octets(serialNumber())),
    signature,
    issuer ? decode(readTbsCertificate(issuer.raw).subject) : subject,
    sequence(time(template.notBefore), time(template.notAfter)),
    subject,
    decode(template.publicKey.export({ type: 'spki', format: 'der' }) as Buffer),
    tagged(3, true, [sequence(...extensions(template, issuer?.publicKey ?? template.publicKey))]),
  );
  const der = encode(
    sequence(tbs, signature, bitString(octets(sign('sha256', encode(tbs), signer.privateKey)))),
  );
  const lines = der.toString('base64').match(/.{1,64}/g)!;
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/** 16 random octets, positive and without a leading zero octet (DER), so 126 random bits. */
function serialNumber(): Buffer {
  const serial = randomBytes(16);
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  return serial;
}

function name(subject: Subject): Asn1 {
  const attribute = (type: string, value: string): Asn1 =>
    universal(asn1.Type.SET, [
      sequence(oid(type), universal(asn1.Type.UTF8, octets(Buffer.from(value, 'utf8')))),
    ]);
  return sequence(
    ...organizations(subject).map((each) => attribute(oids.organization, each)),
    attribute(oids.commonName, subject.commonName),
  );
}

/** RFC 5280 §4.1.2.5: UTCTime through 2049, GeneralizedTime after. */
function time(date: Date): Asn1 {
  return date.getUTCFullYear() < 2050
    ? universal(asn1.Type.UTCTIME, asn1.dateToUtcTime(date))
    : universal(asn1.Type.GENERALIZEDTIME, asn1.dateToGeneralizedTime(date));
}

function extensions(template: CertificateTemplate, issuerKey: KeyObject): Asn1[] {
  const extension = (id: string, critical: boolean, value: Asn1): Asn1 =>
    sequence(
      oid(id),
      ...(critical ? [universal(asn1.Type.BOOLEAN, '\xff')] : []),
      universal(asn1.Type.OCTETSTRING, octets(encode(value))),
    );
  const { authority } = template;
  const constraints = authority
    ? sequence(
        universal(asn1.Type.BOOLEAN, '\xff'),
        universal(asn1.Type.INTEGER, asn1.integerToDer(authority.pathLength).getBytes()),
      )
    : sequence();
  const usage = keyUsageBits(template.keyUsage);
  const list = [
    extension(oids.basicConstraints, true, constraints),
    extension(oids.keyUsage, true, bitString(String.fromCharCode(usage.octet), usage.unused)),
    extension(
      oids.subjectKeyIdentifier,
      false,
      universal(asn1.Type.OCTETSTRING, octets(keyIdentifier(template.publicKey))),
    ),
    extension(
      oids.authorityKeyIdentifier,
      false,
      sequence(tagged(0, false, octets(keyIdentifier(issuerKey)))),
    ),
  ];
  if (template.extendedKeyUsage.length > 0) {
    const purposes = template.extendedKeyUsage.map((purpose) => oid(oids[purpose]));
    list.push(extension(oids.extendedKeyUsage, false, sequence(...purposes)));
  }
  if (template.sans.length > 0) {
    list.push(extension(oids.subjectAltName, false, sequence(...template.sans.map(generalName))));
  }
  return list;
}

/** RFC 5280 §4.2.1.6: [2] dNSName, [7] iPAddress. */
function generalName(san: string): Asn1 {
  return isIP(san) ? tagged(7, false, octets(ipOctets(san))) : tagged(2, false, san);
}
