import { createHash, createPrivateKey, createPublicKey, sign, verify, X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type Authorities,
  createAuthorities,
  parseAuthorities,
  serializeAuthorities,
} from '../../../src/pki/authorities.ts';
import { PkiError } from '../../../src/pki/errors.ts';
import { day, forge, opensslText, opensslVerify } from './world.ts';

let authorities: Authorities;
beforeAll(async () => {
  authorities = await createAuthorities('demo');
});

describe('the authorities of a cluster', () => {
  it('are three roots that sign nothing for one another, and good for ten years', async () => {
    const { kubernetes, etcd, frontProxy } = authorities;
    for (const root of [kubernetes, etcd, frontProxy]) {
      expect(await opensslVerify(root.certPem, root.certPem)).toMatchObject({ code: 0 });
      for (const other of [kubernetes, etcd, frontProxy].filter((each) => each !== root))
        expect((await opensslVerify(root.certPem, other.certPem)).code).not.toBe(0);
      const { validFrom, validTo } = new X509Certificate(root.certPem);
      expect((Date.parse(validTo) - Date.now()) / day).toBeCloseTo(3650, 1);
      expect(Date.now() - Date.parse(validFrom)).toBeGreaterThan(4 * 60_000); // for a machine whose clock is behind
    }
  });

  it('have no key twice, and other keys for another cluster of the same name', async () => {
    const again = await createAuthorities('demo');
    const digests = [authorities, again].flatMap(
      ({ kubernetes, etcd, frontProxy, kubeletSigning, serviceAccount }) =>
        [kubernetes, etcd, frontProxy, kubeletSigning]
          .map((authority) => authority.keyPem)
          .concat(serviceAccount.privateKeyPem)
          .map((pem) => createHash('sha256').update(pem).digest('hex')),
    );
    expect(new Set(digests).size).toBe(10);
  });

  it('hold a key pair for service accounts that signs and verifies', () => {
    const token = Buffer.from('a token');
    const signature = sign('sha256', token, createPrivateKey(authorities.serviceAccount.privateKeyPem));
    expect(verify('sha256', token, createPublicKey(authorities.serviceAccount.publicKeyPem), signature)).toBe(
      true,
    );
  });

  it('come back from their text, and nothing else does, without its secrets in the error', () => {
    const text = serializeAuthorities(authorities);
    expect(parseAuthorities(text)).toEqual(authorities);
    const mixed = { ...authorities, etcd: { ...authorities.etcd, keyPem: authorities.kubernetes.keyPem } };
    for (const wrong of ['', text.slice(0, 900), '{}', serializeAuthorities(mixed)]) {
      const parse = (): unknown => parseAuthorities(wrong);
      expect(parse).toThrow(PkiError);
      expect(parse).not.toThrow(/PRIVATE|BEGIN|[A-Za-z0-9+/]{40}/);
    }
  });
});

describe('the kubelet-signing intermediate', () => {
  it('is under the Kubernetes root and says what it is for', async () => {
    const { kubernetes, kubeletSigning } = authorities;
    expect(await opensslVerify(kubeletSigning.certPem, kubernetes.certPem)).toMatchObject({ code: 0 });
    const text = await opensslText(kubeletSigning.certPem);
    expect(text).toMatch(/Basic Constraints: critical\s+CA:TRUE, pathlen:0/);
    expect(text).toMatch(
      /Extended Key Usage:\s+TLS Web Client Authentication, TLS Web Server Authentication\n/,
    );
  });

  it('signs what verifies with client-ca.crt alone, as the controller manager returns it', async () => {
    const { kubernetes, kubeletSigning } = authorities;
    const kubelet = await forge(kubeletSigning, { extendedKeyUsage: ['clientAuth'] });
    const trusted = kubernetes.certPem + kubeletSigning.certPem;
    expect(await opensslVerify(kubelet.certPem, trusted, { purpose: 'sslclient' })).toMatchObject({
      code: 0,
    });
    expect((await opensslVerify(kubelet.certPem, kubernetes.certPem)).code).not.toBe(0);
  });

  it('cannot make another authority', async () => {
    const { kubernetes, kubeletSigning } = authorities;
    const rogue = await forge(kubeletSigning, {
      keyUsage: ['digitalSignature', 'keyCertSign'],
      extendedKeyUsage: [],
      authority: { pathLength: 0 },
      sans: [],
    });
    const leaf = await forge(rogue);
    const untrusted = rogue.certPem + kubeletSigning.certPem;
    const { code, stderr } = await opensslVerify(leaf.certPem, kubernetes.certPem, { untrusted });
    expect([code, stderr]).toEqual([2, expect.stringContaining('path length constraint exceeded')]);
  });

  it('is nobody to etcd and to the front proxy', async () => {
    const leaf = await forge(authorities.kubeletSigning, { extendedKeyUsage: ['clientAuth'] });
    const options = { untrusted: authorities.kubeletSigning.certPem };
    for (const root of [authorities.etcd, authorities.frontProxy])
      expect((await opensslVerify(leaf.certPem, root.certPem, options)).code).not.toBe(0);
  });
});
