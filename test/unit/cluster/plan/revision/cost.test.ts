import { describe, expect, test } from 'vitest';
import { COSTS, costOf, worst } from '../../../../../src/cluster/plan/revision/cost.ts';
import { replicaFiles } from '../../../../../src/replicas/provision/files.ts';
import { releaseUnits } from '../../../../../src/replicas/units/index.ts';
import { exampleConfig } from '../../../replicas/config.ts';

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
