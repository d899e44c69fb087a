import { beforeAll, describe, expect, it } from 'vitest';
import { type Authorities, createAuthorities } from '../../../src/pki/authorities.ts';
import type { CertificateTemplate } from '../../../src/pki/certificate.ts';
import { check, type Expected } from '../../../src/pki/check.ts';
import { PkiError } from '../../../src/pki/errors.ts';
import { newKey } from '../../../src/pki/keys.ts';
import { daysLeft, expiresAt } from '../../../src/pki/validity.ts';
import { day, forge, rootAndIntermediate } from './world.ts';

let authorities: Authorities;
beforeAll(async () => {
  authorities = await createAuthorities('demo');
});

const expected = (change: Partial<Expected> = {}): Expected => ({
  chain: [authorities.kubernetes.certPem],
  commonName: 'forged',
  organization: null,
  sans: ['demo-master', '10.0.0.1', 'fd00::1'],
  keyUsage: ['digitalSignature'],
  extendedKeyUsage: ['serverAuth'],
  authority: null,
  now: Date.now(),
  ...change,
});
const right: Partial<CertificateTemplate> = { sans: ['fd00:0::1', '10.0.0.1', 'demo-master'] };

describe('the check of a certificate', () => {
  it('lets a right one pass, also through an intermediate', async () => {
    const { certPem, keyPem } = await forge(authorities.kubernetes, right);
    check(certPem, expected({ keyPem }));
    const { root, intermediate } = await rootAndIntermediate();
    const below = await forge(intermediate, right);
    check(below.certPem, expected({ chain: [intermediate.certPem, root.certPem] }));
  });

  it.each<[string, Partial<CertificateTemplate>]>([
    ['it also names 203.0.113.5', { sans: [...right.sans!, '203.0.113.5'] }],
    ['it also names other', { sans: [...right.sans!, 'other'] }],
    ['fd00::1 is not among its names', { sans: ['demo-master', '10.0.0.1'] }],
    ['extended key usage', { extendedKeyUsage: ['serverAuth', 'clientAuth'] }],
    ['extended key usage', { extendedKeyUsage: [] }],
    ['its key usage', { keyUsage: ['digitalSignature', 'keyCertSign'] }],
    ['it is an authority', { authority: { pathLength: 0 } }],
    ['not valid before', { notBefore: new Date(Date.now() + day), notAfter: new Date(Date.now() + 2 * day) }],
    ['expired', { notBefore: new Date(Date.now() - 2 * day), notAfter: new Date(Date.now() - day) }],
    ['its subject is CN=another', { subject: { commonName: 'another', organization: null } }],
    [
      'its subject is O=system:masters, CN=forged',
      { subject: { commonName: 'forged', organization: 'system:masters' } },
    ],
  ])('says: %s', async (words, change) => {
    const { certPem } = await forge(authorities.kubernetes, { ...right, ...change });
    expect(() => check(certPem, expected())).toThrow(words);
  });

  it('says when another authority signed it, or one that only has the name', async () => {
    const namesake = await createAuthorities('demo');
    const { certPem } = await forge(namesake.kubernetes, right);
    expect(() => check(certPem, expected())).toThrow('not signed by O=demo, CN=kubernetes-ca');
    expect(() => check(certPem, expected({ chain: [authorities.etcd.certPem] }))).toThrow(
      'its issuer is not',
    );
  });

  it('says when the chain has no root, goes through a leaf, or through one authority too many', async () => {
    const leaf = await forge(authorities.kubernetes, right);
    const root = authorities.kubernetes.certPem;
    expect(() => check(leaf.certPem, expected({ chain: [] }))).toThrow('does not end in a root');
    const underLeaf = await forge(leaf, right);
    expect(() => check(underLeaf.certPem, expected({ chain: [leaf.certPem, root] }))).toThrow(
      'is not an authority',
    );

    const { root: other, intermediate } = await rootAndIntermediate();
    const rogue = await forge(intermediate, {
      keyUsage: ['keyCertSign'],
      authority: { pathLength: 0 },
      sans: [],
    });
    const underRogue = await forge(rogue, right);
    const chain = [rogue.certPem, intermediate.certPem, other.certPem];
    expect(() => check(underRogue.certPem, expected({ chain }))).toThrow('may not sign authorities');
  });

  it('says when the key is another’s or cannot be read, and shows neither', async () => {
    const { certPem } = await forge(authorities.kubernetes, right);
    const { keyPem } = await newKey();
    expect(() => check(certPem, expected({ keyPem }))).toThrow('another private key');
    expect(() => check(certPem, expected({ keyPem: 'rubbish' }))).toThrow(/private key cannot be read$/);
    expect(() => check('rubbish', expected())).toThrow(PkiError);
  });

  it('judges by the time that it is told', async () => {
    const { certPem } = await forge(authorities.kubernetes, right);
    check(certPem, expected({ now: expiresAt(certPem).getTime() - 1 }));
    expect(() => check(certPem, expected({ now: expiresAt(certPem).getTime() + 1000 }))).toThrow('expired');
  });
});

describe('the days that are left', () => {
  it('are whole days, and negative after the end', async () => {
    const notAfter = new Date(Math.floor(Date.now() / 1000) * 1000 + 30 * day);
    const { certPem } = await forge(authorities.kubernetes, { notAfter });
    expect(expiresAt(certPem)).toEqual(notAfter);
    const at = (ms: number): number => daysLeft(certPem, notAfter.getTime() - ms);
    expect([at(30 * day), at(30 * day - 1), at(0), at(-1)]).toEqual([30, 29, 0, -1]);
    expect(() => daysLeft('rubbish', 0)).toThrow(PkiError);
  });
});
