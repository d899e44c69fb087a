import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Authority } from '../../../src/pki/authorities.ts';
import { type CertificateTemplate, signCertificate } from '../../../src/pki/certificate.ts';
import { type NewKey, newKey } from '../../../src/pki/keys.ts';
import type { ReplicaPkiInput } from '../../../src/pki/replica.ts';
import { type ExecResult, tryExec } from '../../../src/util/exec.ts';

export const day = 24 * 3600 * 1000;

export const demoMaster: ReplicaPkiInput = {
  cluster: 'demo',
  name: 'demo-master',
  internalIp: '10.1.2.3',
  apiAddress: '198.18.0.10',
  staticExternalIp: null,
  balancerDnsName: null,
  serviceCidr: '10.96.0.0/12',
  clusterDomain: 'cluster.local',
  apiPort: 6443,
};

/** A certificate that `authority` signs though no profile asks for it: as a thief of its key would. */
export async function forge(
  authority: Authority,
  change: Partial<CertificateTemplate> = {},
): Promise<{ certPem: string; keyPem: string; key: NewKey }> {
  const key = await newKey();
  const template: CertificateTemplate = {
    subject: { commonName: 'forged', organization: null },
    publicKey: key.publicKey,
    notBefore: new Date(Date.now() - day),
    notAfter: new Date(Date.now() + day),
    keyUsage: ['digitalSignature'],
    extendedKeyUsage: ['serverAuth'],
    authority: null,
    sans: ['demo-master'],
    ...change,
  };
  const certPem = signCertificate(template, {
    certificate: new X509Certificate(authority.certPem),
    privateKey: createPrivateKey(authority.keyPem),
  });
  return { certPem, keyPem: key.keyPem, key };
}

/** A root that may have one authority below it, which no cluster's may, and that authority. */
export async function rootAndIntermediate(): Promise<{ root: Authority; intermediate: Authority }> {
  const key = await newKey();
  const rules = {
    notBefore: new Date(Date.now() - day),
    notAfter: new Date(Date.now() + day),
    keyUsage: ['keyCertSign'],
    extendedKeyUsage: [],
    sans: [],
  } as const;
  const certPem = signCertificate(
    {
      ...rules,
      subject: { commonName: 'root', organization: null },
      publicKey: key.publicKey,
      authority: { pathLength: 1 },
    },
    { certificate: null, privateKey: key.privateKey },
  );
  const root = { certPem, keyPem: key.keyPem };
  return { root, intermediate: await forge(root, { ...rules, authority: { pathLength: 0 } }) };
}

/** `openssl verify`, strict. Trust anchors are `roots`; `untrusted` may help to build the chain. */
export async function opensslVerify(
  leaf: string,
  roots: string,
  options: { untrusted?: string; purpose?: string } = {},
): Promise<ExecResult> {
  const folder = mkdtempSync(join(tmpdir(), 'haup-pki-test-'));
  const file = (name: string, pem: string): string => {
    writeFileSync(join(folder, name), pem);
    return join(folder, name);
  };
  try {
    return await tryExec('openssl', [
      'verify',
      '-x509_strict',
      ...(options.purpose ? ['-purpose', options.purpose] : []),
      '-CAfile',
      file('roots', roots),
      ...(options.untrusted ? ['-untrusted', file('untrusted', options.untrusted)] : []),
      file('leaf', leaf),
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The certificate as openssl describes it. */
export async function opensslText(certPem: string): Promise<string> {
  return (await tryExec('openssl', ['x509', '-noout', '-text'], { input: certPem })).stdout;
}
