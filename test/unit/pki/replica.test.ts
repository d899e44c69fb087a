import { createPrivateKey, X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { type Authorities, createAuthorities } from '../../../src/pki/authorities.ts';
import { PkiError } from '../../../src/pki/errors.ts';
import { issueClient, issueServing } from '../../../src/pki/issue.ts';
import { createKubeletAuthorities, type KubeletAuthorities } from '../../../src/pki/kubelet-authorities.ts';
import { issueReplica, type PkiFiles } from '../../../src/pki/replica.ts';
import { day, demoMaster, opensslText, opensslVerify } from './world.ts';

let authorities: Authorities;
let kubelets: KubeletAuthorities;
let files: PkiFiles;
const pem = (name: string): string => files.get(name)!.pem;
beforeAll(async () => {
  authorities = await createAuthorities('demo');
  kubelets = await createKubeletAuthorities('demo');
  files = await issueReplica(demoMaster, authorities, kubelets);
});

/** File, the authority's file, subject, purposes, names: the whole table, as openssl must see it. */
const table = [
  ['apiserver-kubelet-client', 'ca', 'CN = kube-apiserver-kubelet-client', 'client', ''],
  ['endpoints', 'ca', 'CN = haup:endpoints', 'client', ''],
  ['service-addresses', 'ca', 'CN = haup:service-addresses', 'client', ''],
  ['controller-manager-lease', 'ca', 'CN = haup:lease:kube-controller-manager', 'client', ''],
  ['scheduler-lease', 'ca', 'CN = haup:lease:kube-scheduler', 'client', ''],
  ['apiserver-etcd-client', 'etcd/ca', 'CN = kube-apiserver-etcd-client', 'client', ''],
  ['etcd/client', 'etcd/ca', 'CN = haup-etcd-client', 'client', ''],
  ['front-proxy-client', 'front-proxy-ca', 'CN = front-proxy-client', 'client', ''],
  [
    'etcd/server',
    'etcd/ca',
    'CN = demo-master',
    'both',
    'DNS:localhost, IP Address:127.0.0.1, DNS:demo-master',
  ],
  ['etcd/peer', 'etcd/ca', 'CN = demo-master', 'both', 'IP Address:10.1.2.3, DNS:demo-master'],
  [
    'controller-manager',
    'ca',
    'CN = kube-controller-manager',
    'server',
    'DNS:localhost, IP Address:127.0.0.1, DNS:demo-master',
  ],
  [
    'scheduler',
    'ca',
    'CN = kube-scheduler',
    'server',
    'DNS:localhost, IP Address:127.0.0.1, DNS:demo-master',
  ],
  [
    'apiserver',
    'ca',
    'CN = kube-apiserver',
    'server',
    'IP Address:198.18.0.10, IP Address:10.1.2.3, DNS:localhost, IP Address:127.0.0.1, IP Address:10.96.0.1, ' +
      'DNS:kubernetes, DNS:kubernetes.default, DNS:kubernetes.default.svc, ' +
      'DNS:kubernetes.default.svc.cluster.local, DNS:demo-master',
  ],
] as const;

describe('the certificates of a replica', () => {
  it.each(table)('%s.crt is what openssl expects of it', async (file, authority, subject, purpose, sans) => {
    const text = await opensslText(pem(`${file}.crt`));
    expect(text).toContain(`Subject: ${subject}\n`);
    expect(text).toMatch(/Basic Constraints: critical\s+CA:FALSE/);
    expect(text).toMatch(/Key Usage: critical\s+Digital Signature\n/);
    const server = 'TLS Web Server Authentication';
    const client = 'TLS Web Client Authentication';
    const words = { server, client, both: `${server}, ${client}` }[purpose];
    expect(text).toMatch(new RegExp(`Extended Key Usage:\\s+${words}\\n`));
    expect(/Subject Alternative Name:\s+(.*)\n/.exec(text)?.[1] ?? '').toBe(sans);

    for (const [role, allowed] of [
      ['sslserver', purpose !== 'client'],
      ['sslclient', purpose !== 'server'],
    ] as const) {
      const { code } = await opensslVerify(pem(`${file}.crt`), pem(`${authority}.crt`), { purpose: role });
      expect(code === 0, `${file} as ${role}`).toBe(allowed);
    }
    const certificate = new X509Certificate(pem(`${file}.crt`));
    expect(certificate.checkPrivateKey(createPrivateKey(pem(`${file}.key`)))).toBe(true);
    expect((Date.parse(certificate.validTo) - Date.now()) / day).toBeCloseTo(365, 1);
  });

  it('come with every file that is named in the documentation, and of authorities’ keys with three only', () => {
    const leaves = table.flatMap(([file]) => [`${file}.crt`, `${file}.key`]);
    const shared = [
      'ca.crt',
      'client-ca.crt',
      'front-proxy-ca.crt',
      'etcd/ca.crt',
      'sa.pub',
      'kubelet-ca.crt',
      'kubelet-client-ca.crt',
      'kubelet-serving-ca.crt',
    ];
    const configs = ['controller-manager.conf', 'scheduler.conf', 'addons.conf'];
    const kept = ['kubelet-client-ca.key', 'kubelet-serving-ca.key', 'sa.key', ...configs];
    expect([...files.keys()].sort()).toEqual([...leaves, ...shared, ...kept].sort());
    const all = [...files.values()].map((file) => file.pem).join();
    for (const root of [authorities.kubernetes, authorities.etcd, authorities.frontProxy])
      expect(all).not.toContain(root.keyPem.split('\n')[1]);
  });

  it('are secret exactly where a private key is inside', () => {
    for (const [name, { pem, secret, mode }] of files) {
      expect(secret, name).toBe(/PRIVATE KEY|client-key-data/.test(pem));
      expect(mode, name).toBe(secret ? 0o600 : 0o644);
    }
  });

  it('have serial numbers of their own', () => {
    const bundles = ['client-ca.crt', 'kubelet-ca.crt'];
    const serials = [...files.keys()]
      .filter((name) => name.endsWith('.crt') && !bundles.includes(name))
      .map((name) => new X509Certificate(pem(name)).serialNumber);
    expect(new Set(serials).size).toBe(serials.length);
    for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9A-F]{31}$/);
  });

  it('are other ones for each replica', async () => {
    const other = await issueReplica(
      { ...demoMaster, name: 'demo-master-x7k', internalIp: '10.1.3.4' },
      authorities,
      kubelets,
    );
    expect(other.get('apiserver.key')!.pem).not.toBe(pem('apiserver.key'));
    expect(new X509Certificate(other.get('etcd/peer.crt')!.pem).checkIP('10.1.3.4')).toBe('10.1.3.4');
    expect(new X509Certificate(other.get('etcd/peer.crt')!.pem).checkIP('10.1.2.3')).toBeUndefined();
  });
});

describe('the API server’s certificate', () => {
  const names = async (change: Partial<typeof demoMaster>): Promise<string> => {
    const { certPem } = await issueServing('apiserver', { ...demoMaster, ...change }, authorities);
    return new X509Certificate(certPem).subjectAltName!;
  };

  it('names a static external address and a balancer’s DNS name where there is one', async () => {
    const sans = await names({ staticExternalIp: '198.18.0.77', balancerDnsName: 'lb-1.Elb.example.com' });
    expect(sans).toContain('IP Address:198.18.0.77');
    expect(sans).toContain('DNS:lb-1.elb.example.com');
  });

  it('names the API address once where it is also the replica’s own', async () => {
    const sans = await names({ staticExternalIp: demoMaster.apiAddress });
    expect(sans.match(/198\.18\.0\.10\b/g)).toHaveLength(1);
  });

  it('names the first address of whichever service network, also of IPv6', async () => {
    expect(await names({ serviceCidr: '172.20.0.0/16' })).toContain('IP Address:172.20.0.1');
    expect(await names({ serviceCidr: 'fd00:1::/108' })).toContain('IP Address:FD00:1:0:0:0:0:0:1');
  });

  it.each(['a b', '*.example.com', 'a,DNS:b', '-a', ''])('does not name %j', async (balancerDnsName) => {
    await expect(names({ balancerDnsName })).rejects.toThrow(PkiError);
  });
});

describe('the dates of a certificate', () => {
  it('never go beyond its authority’s, and an expired authority signs nothing', async () => {
    const end = Date.parse(new X509Certificate(authorities.etcd.certPem).validTo);
    const late = await issueClient('etcd-client', authorities, { now: end - 10 * day });
    expect(Date.parse(new X509Certificate(late.certPem).validTo)).toBe(end);
    await expect(issueClient('etcd-client', authorities, { now: end + 1 })).rejects.toThrow(
      /etcd-ca expired/,
    );
  });
});

describe('the kubeconfigs of the components', () => {
  const schema = z.object({
    clusters: z.tuple([
      z.object({ cluster: z.object({ server: z.string(), 'certificate-authority-data': z.string() }) }),
    ]),
    users: z.tuple([
      z.object({ user: z.object({ 'client-certificate-data': z.string(), 'client-key-data': z.string() }) }),
    ]),
  });
  it.each([
    ['controller-manager', 'system:kube-controller-manager'],
    ['scheduler', 'system:kube-scheduler'],
    ['addons', 'haup:addons'],
  ])('%s.conf is its user at the local API server', async (component, name) => {
    const config = schema.parse(parse(pem(`${component}.conf`)));
    const decoded = (base64: string): string => Buffer.from(base64, 'base64').toString();
    const { cluster } = config.clusters[0];
    const { user } = config.users[0];
    expect(cluster.server).toBe('https://127.0.0.1:6443');
    expect(decoded(cluster['certificate-authority-data'])).toBe(pem('ca.crt'));
    const certificate = new X509Certificate(decoded(user['client-certificate-data']));
    expect(certificate.subject).toBe(`CN=${name}`);
    expect(certificate.checkPrivateKey(createPrivateKey(decoded(user['client-key-data'])))).toBe(true);
  });
});
