import { expect } from 'vitest';
import { ask } from '../../../src/drill/clients/load.ts';
import { callApi } from '../../../src/kubernetes/client.ts';
import { loseWhatARebootLoses } from '../../support/host-reboot.ts';
import { specOf } from './cloud.ts';
import { adminOf } from './clusters.ts';
import { haup, status } from './haup.ts';
import { hostState } from './host.ts';

/** Everything that runs, every link, rule and mount is gone at once; the store and the disks are left, and haup repair brings all back. */
export async function expectBackAfterReboot(cluster: string): Promise<void> {
  const api = await adminOf(cluster);
  const { apiAddress, replicas } = await status(cluster);
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
  expect(down.replicas.map(({ machine }) => machine)).toEqual(replicas.map(() => 'stopped'));
  await expect(callApi(api, { path: '/readyz', timeoutMs: 1000 })).rejects.toThrow();

  await haup('repair', '-c', cluster);
  expect(await status(cluster)).toMatchObject({
    converged: true,
    unfinished: [],
    etcd: { voters: replicas.length, learners: 0, healthy: replicas.length },
    apiAddress: { ip: api.ip, holder: apiAddress!.holder },
  });
  const { data } = await ask<{ data: unknown }>(api, { ...kept, path: `${kept.path}/kept` });
  expect(data).toEqual({ word: 'before the reboot' });
  await ask(api, { ...kept, method: 'POST', body: { metadata: { name: 'made-afterwards' } } });

  await haup('delete', '-c', cluster, '--yes');
  expect(await hostState([cluster])).toEqual([]);
}
