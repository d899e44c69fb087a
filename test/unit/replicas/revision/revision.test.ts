import { describe, expect, test } from 'vitest';
import { createAuthorities } from '../../../../src/pki/authorities.ts';
import { createKubeletAuthorities } from '../../../../src/pki/kubelet-authorities.ts';
import { issueReplica } from '../../../../src/pki/replica.ts';
import {
  configurationDigest,
  keyId,
  parseRevision,
  type Revision,
} from '../../../../src/replicas/revision/revision.ts';
import { wantedRevision } from '../../../../src/replicas/revision/wanted.ts';
import { exampleConfig } from '../config.ts';
import { revisionAnswer } from '../machine-answer.ts';

const identity = {
  staticExternalIp: null,
  balancerDnsName: 'LB.Example.com',
  clusterDomain: 'cluster.local',
};
const authorities = await createAuthorities('demo');
const kubelets = await createKubeletAuthorities('demo');
const example = await exampleConfig();
const replica = { ...example, ...identity };
const config = { ...example, pki: await issueReplica(replica, authorities, kubelets) };
const marker = {
  ...config,
  digest: 'what was once put there says nothing',
  kubernetesVersion: 'v1.37.1',
  etcdVersion: 'v3.7.3',
};
const answer = revisionAnswer(config);
const seen = parseRevision(marker, answer.files, answer.digests)!;

describe('the revision of a machine', () => {
  test('is what is wanted of one that was provisioned so, file by file', () => {
    const wanted = wantedRevision(config, replica, authorities, kubelets);
    const { digest, certificates, ...rest } = seen;
    expect({ ...rest, certificates: [] }).toEqual({ ...wanted, certificates: [] });
    const leaves = certificates.filter(({ authority }) => !authority);
    const reduced = leaves.map(({ file, commonName, issuedBy, names }) => ({
      file,
      commonName,
      issuedBy,
      names,
    }));
    const byFile = (list: readonly { file: string }[]) =>
      [...list].sort((a, b) => (a.file < b.file ? -1 : 1));
    expect(byFile(reduced)).toEqual(byFile(wanted.certificates));
    expect(digest).toBe(configurationDigest(wanted.configuration));
  });

  test('has every certificate, those in kubeconfigs and the authorities too, with issuer, names and dates', () => {
    expect(seen.certificates.map(({ file }) => file).sort()).toEqual([
      'addons.conf',
      'apiserver-etcd-client.crt',
      'apiserver-kubelet-client.crt',
      'apiserver.crt',
      'ca.crt',
      'client-ca.crt',
      'client-ca.crt',
      'controller-manager-lease.crt',
      'controller-manager.conf',
      'controller-manager.crt',
      'endpoints.crt',
      'etcd/ca.crt',
      'etcd/client.crt',
      'etcd/peer.crt',
      'etcd/server.crt',
      'front-proxy-ca.crt',
      'front-proxy-client.crt',
      'kubelet-ca.crt',
      'kubelet-ca.crt',
      'kubelet-client-ca.crt',
      'kubelet-serving-ca.crt',
      'scheduler-lease.crt',
      'scheduler.conf',
      'scheduler.crt',
      'service-addresses.crt',
    ]);
    const server = seen.certificates.find(({ file }) => file === 'apiserver.crt')!;
    expect(server).toMatchObject({ commonName: 'kube-apiserver', issuer: 'kubernetes-ca', authority: false });
    expect(server.issuedBy).toBe(seen.trust['ca.crt']![0]);
    expect(server.names).toEqual(expect.arrayContaining(['10.0.0.2', '198.18.0.10', 'lb.example.com']));
    expect(Date.parse(server.notAfter) - Date.parse(server.notBefore)).toBe(365 * 86_400_000 + 300_000);
    const peer = seen.certificates.find(({ file }) => file === 'etcd/peer.crt')!;
    expect(peer.issuedBy).toBe(seen.trust['etcd/ca.crt']![0]);
  });

  test('a leaf of an authority that is not there, though it has the same name, is issued by nobody known', async () => {
    const other = await createAuthorities('demo');
    const foreign = { ...config, pki: await issueReplica(replica, other, kubelets) };
    const leaf = `# pki/apiserver.crt\n${foreign.pki.get('apiserver.crt')!.pem}`;
    const own = `# pki/ca.crt\n${config.pki.get('ca.crt')!.pem}`;
    const [found] = parseRevision(marker, own + leaf, '')!.certificates.filter(({ authority }) => !authority);
    expect(found).toMatchObject({ issuer: 'kubernetes-ca', issuedBy: null });
  });

  test('names keys in their order and gives none away', () => {
    expect(seen.keys).toMatchObject({
      encryption: [keyId(config.encryptionKeys[0]!.secret)],
      'service-account': [keyId(authorities.serviceAccount.publicKeyPem)],
      'sa.key': [keyId(authorities.serviceAccount.privateKeyPem)],
      'kubelet-client-ca.key': [keyId(kubelets.client.keyPem)],
    });
    const second = '9'.repeat(64);
    const two = parseRevision(marker, answer.files, `${answer.digests}${second}  -\n`)!;
    expect(two.keys.encryption).toEqual([keyId(config.encryptionKeys[0]!.secret), second.slice(0, 16)]);
    const text = JSON.stringify(seen);
    expect(text).not.toContain(config.encryptionKeys[0]!.secret);
    expect(text).not.toMatch(/PRIVATE/);
  });

  test('differs by one byte of a unit, and by what somebody has put beside it', () => {
    const changed = (digests: string): Revision => parseRevision(marker, answer.files, digests)!;
    const dropIn = `${'1'.repeat(64)}  /etc/systemd/system/etcd.service.d/mine.conf\n`;
    const with1 = changed(dropIn + answer.digests);
    expect(with1.configuration['units/etcd.service.d/mine.conf']).toBe('1'.repeat(64));
    expect(with1.digest).not.toBe(seen.digest);
    const lines = answer.digests.trimEnd().split('\n');
    const shuffled = changed(`${lines.slice(0, -1).reverse().join('\n')}\n${lines.at(-1)}\n`);
    expect(shuffled.digest).toBe(seen.digest);
  });

  test.each([
    ['a certificate cut short', `# pki/ca.crt\n${config.pki.get('ca.crt')!.pem.slice(0, 100)}\n`, ''],
    ['a file with nothing in it', '# pki/ca.crt\n', ''],
    ['a file without a name', config.pki.get('ca.crt')!.pem, ''],
    ['the same file twice', `# pki/ca.crt\n${config.pki.get('ca.crt')!.pem}`.repeat(2), ''],
    ['noise', answer.files.replace('# pki/ca.crt\n', '# pki/ca.crt\nhello\n'), ''],
    ['a digest cut short', answer.files, `${'1'.repeat(64)}  config/audit.y`],
    ['a digest that is none', answer.files, `${'x'.repeat(64)}  config/audit.yaml\n`],
  ])('%s says nothing', (_, files, digests) => {
    expect(parseRevision(marker, files, digests)).toBeNull();
  });
});
