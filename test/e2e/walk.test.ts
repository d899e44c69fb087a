import { beforeAll, describe, expect, test } from 'vitest';
import { SUPPORTED_MINORS } from '../../src/artifacts/versions.ts';
import { type ApiClient, callApi } from '../../src/kubernetes/client.ts';
import { clientsFirst } from './support/clients-first.ts';
import { adminOf, useClusters } from './support/clusters.ts';
import { haup, status } from './support/haup.ts';
import { prepareForClients } from './support/many-clients.ts';
import { unnoticed } from './support/unnoticed.ts';

/**
 * Needs the programs of every minor, which CI does not build: `npm run test:walk`. Where they have to be built from Go modules, that takes
 * most of an hour each on two cores; HAUP_WALK_FROM=1.36 walks what is there.
 */
const wanted = process.env.HAUP_TEST_WALK === '1';
const CLUSTER = 'e2e-walk';
const SECRETS = '/api/v1/namespaces/default/secrets';
if (wanted) useClusters(CLUSTER);
if (wanted) beforeAll(clientsFirst);

const from = process.env.HAUP_WALK_FROM ?? SUPPORTED_MINORS.at(-1)!.minor;
const minors = SUPPORTED_MINORS.toReversed();
const way = minors.slice(minors.findIndex(({ minor }) => minor === from));

describe.runIf(wanted)('three masters of the oldest minor, with data, walked up to the newest', () => {
  let api: ApiClient;

  beforeAll(async () => {
    const zones = ['--zones', 'local-a,local-b,local-c', '--multizone'];
    await haup('create', '-c', CLUSTER, ...zones, '--kubernetes-version', from);
    api = await adminOf(CLUSTER);
    await prepareForClients(api);
    for (let i = 0; i < 20; i++) {
      const body = { apiVersion: 'v1', kind: 'Secret', metadata: { name: `kept-${i}` }, data: secretOf(i) };
      const { status: code } = await callApi(api, { path: SECRETS, method: 'POST', body, timeoutMs: 10_000 });
      expect(code).toBe(201);
    }
  });

  test.each(way.slice(1))('to $minor, in full, with all data', async ({ minor, release }) => {
    await unnoticed(api, `to-${minor}`, ['upgrade', CLUSTER, '--kubernetes-version', minor]);
    await unnoticed(api, `finalize-${minor}`, ['upgrade', CLUSTER, '--finalize']);
    expect(await status(CLUSTER)).toMatchObject({ kubernetesVersion: release });
    await expectData();
  });

  test('to the newest etcd, with all data', async () => {
    await unnoticed(api, 'to-etcd', ['upgrade', CLUSTER, '--etcd-version', way.at(-1)!.etcd]);
    await expectData();
  });

  /** Every Secret is what was written before the first step: it is decrypted by each API server of each version. */
  async function expectData(): Promise<void> {
    for (let i = 0; i < 20; i++) {
      const answer = await callApi(api, { path: `${SECRETS}/kept-${i}`, timeoutMs: 10_000 });
      expect(JSON.parse(answer.text)).toMatchObject({ data: secretOf(i) });
    }
  }
});

function secretOf(i: number): Record<string, string> {
  return { value: Buffer.from(`kept ${i}`).toString('base64') };
}
