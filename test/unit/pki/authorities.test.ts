import { createHash, createPrivateKey, createPublicKey, sign, verify, X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type Authorities,
  createAuthorities,
  parseAuthorities,
  serializeAuthorities,
} from '../../../src/pki/authorities.ts';
import { PkiError } from '../../../src/pki/errors.ts';
import {
  createKubeletAuthorities,
  type KubeletAuthorities,
  parseKubeletAuthorities,
  serializeKubeletAuthorities,
} from '../../../src/pki/kubelet-authorities.ts';
import { day, forge, opensslText, opensslVerify } from './world.ts';

let authorities: Authorities;
let kubelets: KubeletAuthorities;
beforeAll(async () => {
  kubelets = await createKubeletAuthorities('demo');
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
    const digests = [authorities, again].flatMap(({ kubernetes, etcd, frontProxy, serviceAccount }) =>
      [kubernetes, etcd, frontProxy]
        .map((authority) => authority.keyPem)
        .concat(serviceAccount.privateKeyPem)
        .map((pem) => createHash('sha256').update(pem).digest('hex')),
    );
    expect(new Set(digests).size).toBe(8);
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

describe('the authorities for kubelets', () => {
  const trust = () => {
    const { kubernetes, etcd, frontProxy } = authorities;
    return { kubernetes: kubernetes.certPem, etcd: etcd.certPem, frontProxy: frontProxy.certPem };
  };

  it('are roots of their own, each for one purpose, and good for a year', async () => {
    for (const [{ certPem }, words] of [
      [kubelets.client, 'TLS Web Client Authentication'],
      [kubelets.serving, 'TLS Web Server Authentication'],
    ] as const) {
      expect(await opensslVerify(certPem, certPem)).toMatchObject({ code: 0 });
      for (const root of Object.values(trust()))
        expect((await opensslVerify(certPem, root)).code).not.toBe(0);
      const text = await opensslText(certPem);
      expect(text).toMatch(/Basic Constraints: critical\s+CA:TRUE, pathlen:0/);
      expect(text).toMatch(new RegExp(`Extended Key Usage:\\s+${words}\n`));
      expect((Date.parse(new X509Certificate(certPem).validTo) - Date.now()) / day).toBeCloseTo(365, 1);
    }
  });

  it.each([
    ['kubelet-client-ca', 'client', 'serverAuth', 'sslserver'],
    ['kubelet-client-ca', 'client', 'clientAuth', 'sslclient'],
    ['kubelet-serving-ca', 'serving', 'serverAuth', 'sslserver'],
    ['kubelet-serving-ca', 'serving', 'clientAuth', 'sslclient'],
  ] as const)(
    '%s can make nobody whom the other authorities’ certificates vouch for (%s, %s)',
    async (_, which, usage, purpose) => {
      const leaf = await forge(kubelets[which], {
        subject: { commonName: 'forged', organization: 'system:masters' },
        extendedKeyUsage: [usage],
      });
      const options = { untrusted: kubelets[which].certPem, purpose };
      for (const [name, root] of Object.entries(trust()))
        expect((await opensslVerify(leaf.certPem, root, options)).code, name).not.toBe(0);
      const fits = purpose === (which === 'client' ? 'sslclient' : 'sslserver');
      const own = await opensslVerify(leaf.certPem, kubelets[which].certPem, { purpose });
      expect(own.code === 0).toBe(fits);
    },
  );

  it('cannot make another authority', async () => {
    const rogue = await forge(kubelets.client, {
      keyUsage: ['digitalSignature', 'keyCertSign'],
      extendedKeyUsage: [],
      authority: { pathLength: 0 },
      sans: [],
    });
    const leaf = await forge(rogue, { extendedKeyUsage: ['clientAuth'] });
    const options = { untrusted: rogue.certPem };
    const { code, stderr } = await opensslVerify(leaf.certPem, kubelets.client.certPem, options);
    expect([code, stderr]).toEqual([2, expect.stringContaining('path length constraint exceeded')]);
  });

  it('come back from their text, and nothing else does, without its secrets in the error', () => {
    const text = serializeKubeletAuthorities(kubelets);
    expect(parseKubeletAuthorities(text)).toEqual(kubelets);
    const mixed = { ...kubelets, client: { ...kubelets.client, keyPem: kubelets.serving.keyPem } };
    for (const wrong of ['', '{}', text.slice(0, 900), serializeKubeletAuthorities(mixed)]) {
      const parse = (): unknown => parseKubeletAuthorities(wrong);
      expect(parse).toThrow(PkiError);
      expect(parse).not.toThrow(/PRIVATE|BEGIN|[A-Za-z0-9+/]{40}/);
    }
  });
});

describe('the authorities of a store of before, with an intermediate that masters held', () => {
  it('are read without it, so that no machine gets it again', () => {
    const old = { ...authorities, kubeletSigning: authorities.kubernetes };
    expect(parseAuthorities(JSON.stringify(old))).toEqual(authorities);
  });
});
