import { beforeAll, describe, expect, test } from 'vitest';
import { SUPPORTED_MINORS } from '../../src/artifacts/versions.ts';
import { type ApiClient, callApi } from '../../src/kubernetes/client.ts';
import { clientsFirst } from './support/clients-first.ts';
import { adminOf, useClusters } from './support/clusters.ts';
import { haup, startHaup, status } from './support/haup.ts';
import { figuresOf, prepareForClients, startClients } from './support/many-clients.ts';

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
    await climb(`to-${minor}`, ['--kubernetes-version', minor]);
    await climb(`finalize-${minor}`, ['--finalize']);
    expect(await status(CLUSTER)).toMatchObject({ converged: true, kubernetesVersion: release });
    await expectData();
  });

  test('to the newest etcd, with all data', async () => {
    await climb('to-etcd', ['--etcd-version', way.at(-1)!.etcd]);
    expect(await status(CLUSTER)).toMatchObject({ converged: true, etcd: { healthy: 3 } });
    await expectData();
  });

  /** Nobody notices it. */
  async function climb(what: string, args: readonly string[]): Promise<void> {
    const clients = await startClients(api, what.replace(/[^a-z0-9]+/g, '-'));
    const began = Date.now();
    const ended = await startHaup(['upgrade', '-c', CLUSTER, ...args]).ended;
    const seconds = Math.round((Date.now() - began) / 1000);
    const report = await clients.stop();
    process.stdout.write(`figure: walk ${what}: ${seconds} s; ${figuresOf(report)}\n`);
    expect([ended.code, ended.code === 0 ? '' : ended.stderr]).toEqual([0, '']);
    expect(report.newConnections.failures).toEqual([]);
    expect(report.counter).toMatchObject({ failures: [], violations: [] });
    expect(report.keySet).toMatchObject({ failures: [], violations: [], unseen: [] });
  }

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
