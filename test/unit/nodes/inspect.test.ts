import { X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { parseImages } from '../../../src/nodes/images.ts';
import { parseNodeInside } from '../../../src/nodes/inspect.ts';
import { conflist } from '../../../src/nodes/settings/conflist.ts';
import { rfc3339 } from '../../../src/util/text/rfc3339.ts';
import { exampleNode } from './config.ts';

const NOW = 1_795_000_000;
const exchange = { sent: 1000 * NOW, received: 1000 * NOW + 40 };
const cluster = { uid: '0123456789abcdef', name: 'demo-node-abc' };
let certificate: string;
let authority: string;
beforeAll(async () => {
  const { pki } = await exampleNode();
  [certificate, authority] = [pki.kubeletCertPem, pki.caPem];
});

function unit(name: string, active = 'active', file = 'enabled'): string {
  return `Id=${name}.service\nActiveState=${active}\nUnitFileState=${file}\nNRestarts=0\nActiveEnterTimestampMonotonic=1\n`;
}

function answer(
  change: Partial<
    Record<'marker' | 'serving' | 'clock' | 'units' | 'health' | 'network' | 'trust' | 'joining', string>
  > = {},
): string {
  const marker = JSON.stringify({
    role: 'node',
    ...cluster,
    digest: 'd'.repeat(64),
    apiAddress: '198.18.0.10',
    kubernetesVersion: 'v1.37.1',
  });
  return [
    change.marker ?? marker,
    change.serving ?? certificate,
    certificate,
    change.clock ?? `${NOW}\n`,
    change.units ?? [unit('containerd'), unit('kubelet'), unit('kube-proxy')].join('\n'),
    change.health ?? 'http://127.0.0.1:10248/healthz 200\nhttp://127.0.0.1:10256/livez 200\n',
    change.network ?? conflist('10.244.1.0/24'),
    change.trust ?? `${Buffer.from(authority).toString('base64')}\n`,
    change.joining ?? '',
    '',
  ].join('\n--haup--\n');
}

test('a node that is well says so', () => {
  expect(parseNodeInside(answer(), cluster, exchange)).toMatchObject({
    provisioned: true,
    digest: 'd'.repeat(64),
    kubernetesVersion: 'v1.37.1',
    containerd: 'running',
    kubelet: 'running',
    kubeProxy: 'running',
    servingCertificateExpires: expect.stringMatching(/^\d{4}-.*Z$/),
    podCidr: '10.244.1.0/24',
    trust: ['kubernetes-ca'],
    servingIssuer: 'kubelet-serving-ca',
    clientIssuer: 'kubelet-serving-ca',
  });
  const { validFrom, validTo } = new X509Certificate(certificate);
  const seen = parseNodeInside(answer(), cluster, exchange)!;
  expect(seen.servingCertificateBegins).toBe(rfc3339(validFrom));
  expect(seen.servingCertificateSecondsLeft).toBe(Date.parse(validTo) / 1000 - NOW);
});

test('a new machine has nothing on it', () => {
  const units = [
    unit('containerd', 'inactive', ''),
    unit('kubelet', 'inactive', ''),
    unit('kube-proxy', 'inactive', ''),
  ].join('\n');
  expect(
    parseNodeInside(answer({ marker: '', serving: '', units, health: '', network: '' }), cluster, exchange),
  ).toMatchObject({
    provisioned: false,
    digest: null,
    containerd: 'disabled',
    kubelet: 'disabled',
    servingCertificateExpires: null,
    podCidr: null,
  });
});

test('a kubelet that systemd calls active and that does not say it is well is not running', () => {
  const health = 'http://127.0.0.1:10248/healthz 000\nhttp://127.0.0.1:10256/livez 503\n';
  expect(parseNodeInside(answer({ health }), cluster, exchange)).toMatchObject({
    kubelet: 'stopped',
    kubeProxy: 'stopped',
  });
});

test.each([
  [0, 0],
  [-1, 0],
  [-90, -89],
  [90, 90],
])(
  'a clock that says %i s more is %i s ahead, with what its seconds and the way leave open',
  (more, ahead) => {
    const seen = parseNodeInside(answer({ clock: `${NOW + more}\n` }), cluster, exchange);
    expect(seen?.clockAheadSeconds).toBe(ahead);
  },
);

test('a node that has what it was to join by has yet to join', () => {
  expect(parseNodeInside(answer(), cluster, exchange)).toMatchObject({ joining: false });
  expect(parseNodeInside(answer({ joining: 'joining\n' }), cluster, exchange)).toMatchObject({
    joining: true,
  });
});

test("another cluster's node, and a master, are no provisioned node of this one", () => {
  expect(parseNodeInside(answer(), { ...cluster, uid: 'f'.repeat(16) }, exchange)!.provisioned).toBe(false);
  const marker = JSON.stringify({ uid: cluster.uid, name: cluster.name, digest: 'x', etcdVersion: 'v3.7.3' });
  expect(parseNodeInside(answer({ marker }), cluster, exchange)!.provisioned).toBe(false);
});

test('half an answer says nothing', () => {
  expect(parseNodeInside(answer().slice(0, 900), cluster, exchange)).toBeNull();
  expect(parseNodeInside(answer({ units: unit('containerd') }), cluster, exchange)).toBeNull();
});

test('an answer that does not read as it was written says nothing', () => {
  const whole = answer();
  for (const change of [
    { marker: '{"uid":' },
    { serving: certificate.slice(0, 300) },
    { clock: '' },
    { clock: 'date: not found' },
    { clock: `${NOW}000000` },
    { units: answer().replaceAll('active', 'of-tomorrow') },
    { health: 'http://127.0.0.1:10248/healthz 200\n' },
    { network: conflist('10.244.1.0/24').slice(0, 40) },
    { network: conflist('$(reboot)') },
    { joining: 'no such program' },
  ])
    expect(parseNodeInside(answer(change), cluster, exchange), JSON.stringify(change)).toBeNull();
  expect(parseNodeInside(whole, cluster, exchange)).not.toBeNull();
});

test('cut at any byte, or with noise anywhere, an answer is none or says what it said', () => {
  const text = answer();
  const whole = parseNodeInside(text, cluster, exchange);
  fc.assert(
    fc.property(fc.nat(text.length), fc.string(), fc.boolean(), (at, noise, cut) => {
      const rest = cut ? '' : `\n${noise}\n${text.slice(at)}`;
      const seen = parseNodeInside(text.slice(0, at) + rest, cluster, exchange);
      if (seen === null) return;
      expect(seen).toEqual(whole);
    }),
    { seed: 8, numRuns: process.env.CI ? 3_000 : 1_000 },
  );
});

test('the images of a runtime are read with their digests', () => {
  const listed = `REF                            TYPE                                                 DIGEST                                                                  SIZE    PLATFORMS   LABELS
haup.local/echo:1              application/vnd.oci.image.manifest.v1+json           sha256:${'a'.repeat(64)} 2.6 MiB linux/amd64 io.cri-containerd.image=managed
`;
  expect([...parseImages(listed)]).toEqual([['haup.local/echo:1', `sha256:${'a'.repeat(64)}`]]);
});
