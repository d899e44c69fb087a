import { expect, test } from 'vitest';
import { ask } from '../../src/drill/clients/load.ts';
import { callApi } from '../../src/kubernetes/client.ts';
import { loseWhatARebootLoses } from '../support/host-reboot.ts';
import { whole } from '../support/whole.ts';
import { specOf } from './support/cloud.ts';
import { adminOf, useClusters } from './support/clusters.ts';
import { haup, status } from './support/haup.ts';
import { hostState } from './support/host.ts';

/** Everything that runs, every link, rule and mount is gone at once; the store and the disks are left. */
const ONE = 'e2e-reboot-one';
const THREE = 'e2e-reboot-three';
useClusters(ONE, THREE);

test.each([
  ...(whole ? [{ cluster: ONE, replicas: 1, zones: 'local-a' }] : []),
  { cluster: THREE, replicas: 3, zones: 'local-a,local-b,local-c' },
])(
  'a reboot of the host: haup repair brings $replicas back, at the same address and with their data',
  async ({ cluster, replicas, zones }) => {
    const holder = replicas > 1 ? { kind: 'balancer' } : { kind: 'machine', name: `${cluster}-master` };
    await haup('create', '-c', cluster, '--zones', zones, '--multizone');
    const api = await adminOf(cluster);
    const kept = { path: '/api/v1/namespaces/default/configmaps', timeoutMs: 10_000 };
    await ask(api, {
      ...kept,
      method: 'POST',
      body: { metadata: { name: 'kept' }, data: { word: 'before the reboot' } },
    });

    await loseWhatARebootLoses(specOf(cluster));
    const left = (await hostState([cluster])).filter((line) => !line.startsWith('/var/lib/haup/local/'));
    expect(left).toEqual([]);
    const down = await status(cluster);
    expect(down.replicas.map(({ machine }) => machine)).toEqual(Array(replicas).fill('stopped'));
    await expect(callApi(api, { path: '/readyz', timeoutMs: 1000 })).rejects.toThrow();

    await haup('repair', '-c', cluster);
    expect(await status(cluster)).toMatchObject({
      converged: true,
      unfinished: [],
      etcd: { voters: replicas, learners: 0, healthy: replicas },
      apiAddress: { ip: api.ip, holder },
    });
    const { data } = await ask<{ data: unknown }>(api, { ...kept, path: `${kept.path}/kept` });
    expect(data).toEqual({ word: 'before the reboot' });
    await ask(api, { ...kept, method: 'POST', body: { metadata: { name: 'made-afterwards' } } });

    await haup('delete', '-c', cluster, '--yes');
    expect(await hostState([cluster])).toEqual([]);
  },
);
