/** The object identifiers of RFC 5280 and RFC 5758 that we write and check. */
export const oids = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const;

export type ExtendedKeyUsage = 'serverAuth' | 'clientAuth';
export type KeyUsage = 'digitalSignature' | 'keyCertSign' | 'cRLSign';

/** RFC 5280 §4.2.1.3: bit 0 is the most significant. */
const bit = { digitalSignature: 0, keyCertSign: 5, cRLSign: 6 } satisfies Record<KeyUsage, number>;

/** The bit string of a key usage, with DER's count of unused trailing bits. */
export function keyUsageBits(usages: readonly KeyUsage[]): { octet: number; unused: number } {
  const bits = usages.map((usage) => bit[usage]);
  return { octet: bits.reduce((sum, at) => sum | (0x80 >> at), 0), unused: 7 - Math.max(...bits) };
}
