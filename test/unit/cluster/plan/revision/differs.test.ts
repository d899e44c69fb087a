import { describe, expect, test } from 'vitest';
import { COSTS, costOf, worst } from '../../../../../src/cluster/plan/revision/cost.ts';
import { differencesOf, differs } from '../../../../../src/cluster/plan/revision/differs.ts';
import { sayDifference } from '../../../../../src/cluster/plan/revision/report.ts';
import { statusOf } from '../../../../../src/cluster/plan/status.ts';
import { replicaFiles } from '../../../../../src/replicas/provision/files.ts';
import type { Revision, WantedRevision } from '../../../../../src/replicas/revision/revision.ts';
import { releaseUnits } from '../../../../../src/replicas/units/index.ts';
import { converged, specOf } from '../../../../support/clusters.ts';
import { exampleConfig } from '../../../replicas/config.ts';

const wanted: WantedRevision = {
  kubernetesVersion: 'v1.37.1',
  etcdVersion: 'v3.7.3',
  configuration: { 'units/etcd.service': 'a', 'units/kube-apiserver.service': 'b', 'config/audit.yaml': 'c' },
  trust: { 'ca.crt': ['CA'], 'etcd/ca.crt': ['ETCD'] },
  certificates: [
    { file: 'apiserver.crt', commonName: 'kube-apiserver', issuedBy: 'CA', names: ['a', '10.0.0.1'] },
  ],
  keys: { encryption: ['k1'], 'service-account': ['s1'] },
};
const certificate = {
  ...wanted.certificates[0]!,
  issuer: 'kubernetes-ca',
  notBefore: '2026-01-01T00:00:00Z',
  notAfter: '2027-01-01T00:00:00Z',
  authority: false,
};
const seen: Revision = { ...wanted, digest: '', certificates: [certificate] };
const said = (change: Partial<Revision>) =>
  differs(wanted, { ...seen, ...change }).map(({ path, how, cost }) => `${path} ${how} ${cost}`);

describe('what differs', () => {
  test('is nothing of a replica that is as it should be, more names on a certificate included', () => {
    expect(said({})).toEqual([]);
    expect(said({ certificates: [{ ...certificate, names: ['10.0.0.1', 'x', 'a'] }] })).toEqual([]);
  });

  test.each<[string, Partial<Revision>, string[]]>([
    ['a version', { kubernetesVersion: 'v1.36.0' }, ['version/kubernetes changed api-server']],
    ['etcd’s version', { etcdVersion: 'v3.6.0' }, ['version/etcd changed etcd']],
    [
      'a unit',
      { configuration: { ...wanted.configuration, 'units/kube-apiserver.service': 'x' } },
      ['units/kube-apiserver.service changed api-server'],
    ],
    [
      'a file that is gone, and one that nobody ordered',
      {
        configuration: {
          'units/etcd.service': 'a',
          'config/audit.yaml': 'c',
          'units/etcd.service.d/x.conf': 'd',
        },
      },
      ['units/etcd.service.d/x.conf unexpected etcd', 'units/kube-apiserver.service missing api-server'],
    ],
    [
      'whom it believes',
      { trust: { 'ca.crt': ['CA', 'OTHER'], 'etcd/ca.crt': ['NEW'] } },
      ['pki/ca.crt changed controllers', 'pki/etcd/ca.crt changed etcd'],
    ],
    [
      'the order of keys',
      { keys: { encryption: ['k2', 'k1'], 'service-account': ['s1'] } },
      ['pki/encryption other-keys api-server'],
    ],
    ['a certificate that is gone', { certificates: [] }, ['pki/apiserver.crt missing reload']],
    [
      'a certificate of another authority',
      { certificates: [{ ...certificate, issuedBy: null }] },
      ['pki/apiserver.crt other-issuer reload'],
    ],
    [
      'a certificate without a name that it needs',
      { certificates: [{ ...certificate, names: ['a'] }] },
      ['pki/apiserver.crt other-names reload'],
    ],
    [
      'a certificate of somebody else',
      { certificates: [{ ...certificate, commonName: 'kube-scheduler' }] },
      ['pki/apiserver.crt other-names reload'],
    ],
  ])('%s', (_, change, expected) => {
    expect(said(change)).toEqual(expected);
  });
});

describe('what a difference costs', () => {
  test.each([
    ['units/etcd.service', 'etcd'],
    ['units/kube-apiserver.service', 'api-server'],
    ['units/kube-scheduler.service', 'controllers'],
    ['units/kube-controller-manager.service.d/x.conf', 'controllers'],
    ['units/kubernetes-endpoints.service', 'reload'],
    ['config/kubernetes-endpoints.sh', 'reload'],
    ['config/service-addresses.sh', 'reload'],
    ['config/release-lease.sh', 'nothing'],
    ['config/audit.yaml', 'api-server'],
    ['config/encryption.yaml', 'api-server'],
    ['addons/coredns.json', 'nothing'],
    ['pki/ca.crt', 'controllers'],
    ['pki/client-ca.crt', 'reload'],
    ['pki/front-proxy-ca.crt', 'reload'],
    ['pki/kubelet-client-ca.crt', 'reload'],
    ['pki/kubelet-serving-ca.key', 'reload'],
    ['pki/kubelet-ca.crt', 'api-server'],
    ['pki/etcd/ca.crt', 'etcd'],
    ['pki/etcd/peer.crt', 'nothing'],
    ['pki/apiserver.crt', 'reload'],
    ['pki/apiserver-etcd-client.crt', 'nothing'],
    ['pki/scheduler.crt', 'reload'],
    ['pki/scheduler.conf', 'controllers'],
    ['pki/addons.conf', 'nothing'],
    ['pki/service-addresses.crt', 'nothing'],
    ['pki/service-account', 'api-server'],
    ['pki/sa.key', 'api-server'],
    ['pki/what-is-this', 'api-server'],
    ['version/etcd', 'etcd'],
  ] as const)('%s: %s', (path, cost) => {
    expect(costOf(path)).toBe(cost);
  });

  test('of several is that of the worst', () => {
    expect(worst([])).toBe('nothing');
    expect(worst(['reload', 'etcd', 'nothing'])).toBe('etcd');
    expect(COSTS.map((cost, i) => worst(COSTS.slice(0, i + 1)) === cost)).not.toContain(false);
  });

  test('is known of every file of a release', async () => {
    const known = replicaFiles({
      ...(await exampleConfig()),
      localRoute: true,
      serviceAddresses: '10.0.0.0/24',
    }).map(({ path }) => path);
    const restarts = known.filter((path) => costOf(path) === 'etcd');
    const units = known.filter((path) => path.startsWith('units/')).map((path) => path.slice(6));
    expect(units.filter((name) => !(releaseUnits as readonly string[]).includes(name))).toEqual([]);
    expect(restarts).toEqual(['pki/etcd/ca.crt', 'units/etcd.service']);
  });
});

describe('the status', () => {
  const spec = specOf(['m0', 'm1']);
  const whole = converged(spec);
  const machines = whole.machines.map((machine) => ({
    ...machine,
    inside: machine.inside && {
      ...machine.inside,
      certificateExpires: '2027-01-01T00:00:00Z',
      certificateSecondsLeft: 86_400,
      revision: machine.name === 'm0' ? { ...seen, etcdVersion: 'v3.6.0' } : seen,
    },
  }));

  test('shows differences where both sides are known, and changes nothing because of them', () => {
    const o = { ...whole, machines, wanted: { m0: wanted } };
    expect(differencesOf(o, 'm0')).toEqual([{ path: 'version/etcd', how: 'changed', cost: 'etcd' }]);
    expect(differencesOf(o, 'm1')).toEqual([]);
    expect(differencesOf({ ...o, wanted: undefined }, 'm0')).toEqual([]);
    const status = statusOf(spec, o, Date.parse('2026-12-31T00:00:00Z'));
    expect(status.converged).toBe(true);
    expect(status.replicas.map(({ differences }) => differences.length)).toEqual([1, 0]);
    expect(sayDifference(status.replicas[0]!.differences[0]!)).toBe(
      'version/etcd is another than wanted (etcd and the API server start again for it)',
    );
  });

  test('lists every certificate, and warns of each that ends soon, by the machine’s clock', () => {
    const early = { ...certificate, file: 'etcd/peer.crt', notAfter: '2026-12-20T00:00:00Z' };
    const revision = { ...seen, certificates: [certificate, early] };
    const o = {
      ...whole,
      machines: machines.map((m) => ({
        ...m,
        inside: m.inside && {
          ...m.inside,
          revision,
          certificateExpires: early.notAfter,
          certificateSecondsLeft: 10 * 86_400,
        },
      })),
    };
    const status = statusOf(spec, o, Date.parse('2026-12-10T00:00:00Z'));
    expect(status.replicas[0]!.certificates).toEqual([
      {
        file: 'etcd/peer.crt',
        issuer: 'kubernetes-ca',
        names: early.names,
        expires: early.notAfter,
        due: true,
      },
      {
        file: 'apiserver.crt',
        issuer: 'kubernetes-ca',
        names: early.names,
        expires: certificate.notAfter,
        due: true,
      },
    ]);
    expect(status.warnings[0]).toEqual({
      says: 'm0: its certificates expire in 10 days (etcd/peer.crt, apiserver.crt)',
      remedy: { to: 'renew them', command: 'renew', cluster: 'demo' },
    });
  });
});
