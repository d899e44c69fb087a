import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { PAUSE_IMAGE } from '../../src/artifacts/images/names.ts';
import { ask } from '../../src/drill/clients/load.ts';
import { callApi } from '../../src/kubernetes/client.ts';
import { waitFor } from '../../src/util/wait.ts';
import { adminOf, useClusters } from './support/clusters.ts';
import { haup, status, tryHaup } from './support/haup.ts';
import { killedAfterSteps, type Leg } from './support/relay.ts';

/** The commands for nodes as a user gives them; what is on a node is nodes.test.ts. */
const CLUSTER = 'e2e-node-commands';
/** More boundaries than any of these operations has: a repair that gets nowhere must not go on for ever. */
const MANY = 20;
const on = ['-c', CLUSTER];
const repair = ['repair', ...on];
const full = process.env.HAUP_CRASH_FULL === '1';
useClusters(CLUSTER);

/** Kills haup after each of its steps, and goes on with the next, until nothing is left to kill. Returns how often it was killed. */
async function relay(first: readonly string[]): Promise<number> {
  const legs: Leg[] = [await killedAfterSteps(first)];
  while (legs.at(-1)!.killed && legs.length < MANY) legs.push(await killedAfterSteps(repair));
  const { code, stderr } = legs.at(-1)!.result;
  expect([code, code === 0 ? '' : stderr]).toEqual([0, '']);
  return legs.length - 1;
}

async function readyNodes(): Promise<string[]> {
  const { nodes, converged, unfinished } = await status(CLUSTER);
  expect({ converged, unfinished }).toEqual({ converged: true, unfinished: [] });
  expect(nodes.map(({ machine, ready, problem }) => [machine, ready, problem])).toEqual(
    nodes.map(() => ['running', 'ready', null]),
  );
  return nodes.map(({ name }) => name);
}

async function get(path: string): Promise<ReturnType<typeof JSON.parse>> {
  return ask(await adminOf(CLUSTER), { path, timeoutMs: 10_000 });
}

async function post(path: string, body: object): Promise<void> {
  await ask(await adminOf(CLUSTER), { method: 'POST', path, body, timeoutMs: 10_000 }, [201]);
}

beforeAll(async () => {
  await haup('create', ...on, '--nodes', full ? '1' : '2');
});

test.runIf(full)(
  'a node that comes while haup is killed after each of its steps has joined in the end',
  async () => {
    expect(await relay(['add-node', ...on])).toBeGreaterThan(3);
    expect(await readyNodes()).toHaveLength(2);
  },
);

test('certificates of nodes are renewed with those of masters, and their pods run on', async () => {
  const pods = async () =>
    (await get('/api/v1/namespaces/kube-system/pods?labelSelector=k8s-app%3Dkube-dns')).items.map(
      ({ metadata, status }: { metadata: { uid: string }; status: { containerStatuses?: object[] } }) => [
        metadata.uid,
        status.containerStatuses?.map((one) => 'restartCount' in one && one.restartCount),
      ],
    );
  const running = await waitFor(
    async () => {
      const now = await pods();
      return now.every(([, counts]: [string, number[]?]) => counts) ? now : undefined;
    },
    { what: 'pods to be started', timeoutMs: 120_000 },
  );
  const names = await readyNodes();
  const said = await tryHaup(['renew', ...on, '--all']);
  expect(said).toMatchObject({ code: 0 });
  for (const name of names) expect(said.stdout + said.stderr).toContain(`renew the certificates of ${name}`);
  expect(await haup('renew', ...on)).toContain('nothing to do');
  expect(await pods()).toEqual(running);
  expect(await readyNodes()).toEqual(names);
});

test('add-ons are changed as a whole, on every master, and what is none any more is deleted', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'haup-addons-'));
  const make = async (addon: string, name: string) => {
    const path = join(folder, addon);
    await mkdir(path, { recursive: true });
    const manifest = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' } };
    await writeFile(join(path, 'one.json'), JSON.stringify(manifest));
    return path;
  };
  const found = async (name: string) => {
    const path = `/api/v1/namespaces/default/configmaps/${name}`;
    return (await callApi(await adminOf(CLUSTER), { path, timeoutMs: 10_000 })).status === 200;
  };
  const until = (what: string, look: () => Promise<boolean>) =>
    waitFor(async () => (await look()) || undefined, { what, timeoutMs: 120_000 });
  const set = (...args: string[]) => haup('set-addons', ...on, ...args);
  try {
    const [shop, bank] = [await make('shop', 'in-shop'), await make('bank', 'in-bank')];
    expect(await set(shop, '--dry-run')).toContain(`give ${CLUSTER}-master the add-ons`);
    expect(await found('in-shop')).toBe(false);
    await set(shop);
    await until('the first', () => found('in-shop'));
    expect(await set(shop)).toContain('nothing to do');
    await set(bank);
    expect(await found('in-shop')).toBe(false);
    await until('the second', () => found('in-bank'));
    await set('--none');
    expect(await found('in-bank')).toBe(false);
    expect((await status(CLUSTER)).converged).toBe(true);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a drain that cannot end says which pod and whose budget, and the node leaves when it may, killed after each step', async () => {
  const [stays, leaves] = (await readyNodes()) as [string, string];
  const labels = { app: 'kept' };
  await post('/apis/apps/v1/namespaces/default/deployments', {
    metadata: { name: 'kept' },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          nodeSelector: { 'kubernetes.io/hostname': leaves },
          containers: [{ name: 'pause', image: PAUSE_IMAGE }],
        },
      },
    },
  });
  const budgets = '/apis/policy/v1/namespaces/default/poddisruptionbudgets';
  await post(budgets, {
    metadata: { name: 'none-may-go' },
    spec: { maxUnavailable: 0, selector: { matchLabels: labels } },
  });
  await waitFor(async () => (await get(`${budgets}/none-may-go`)).status?.currentHealthy === 1 || undefined, {
    what: 'the budget to count its pod',
    timeoutMs: 120_000,
  });
  // The second time it is the same wish.
  for (let time = 0; time < 2; time++) {
    const refused = await tryHaup(['remove-node', ...on, leaves, '--drain-timeout', '1s']);
    expect(refused.code).toBe(5);
    expect(refused.stderr).toMatch(
      new RegExp(`${leaves} could not be drained: default/kept-\\S+ \\(disruption budget none-may-go\\)`),
    );
    expect(refused.stderr).toMatch(new RegExp(`haup remove-node .*--force ${leaves}`));
  }
  expect((await status(CLUSTER)).nodes.find(({ name }) => name === leaves)).toMatchObject({
    ...{ machine: 'running', ready: 'ready', cordoned: true },
  });

  const api = await adminOf(CLUSTER);
  await ask(api, { method: 'DELETE', path: `${budgets}/none-may-go`, timeoutMs: 10_000 });
  expect(await relay(repair)).toBeGreaterThan(1);
  expect(await readyNodes()).toEqual([stays]);
  expect(
    (await get('/api/v1/nodes')).items.map(({ metadata }: { metadata: { name: string } }) => metadata.name),
  ).toEqual([stays]);
});
