import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { cacheFolder } from '../../src/artifacts/cache.ts';
import { ensureBinaries, ensureNodeBinaries } from '../../src/artifacts/ensure.ts';
import { ECHO_IMAGE } from '../../src/artifacts/images/names.ts';
import { ensureOfflineImages } from '../../src/artifacts/images/offline.ts';
import { type ApiClient, callApi } from '../../src/kubernetes/client.ts';
import { deleteNode, listNodes } from '../../src/nodes/api/nodes.ts';
import { cgroupRoot } from '../../src/providers/local/host/cgroups.ts';
import { hierarchiesInUse } from '../../src/providers/local/host/hierarchies.ts';
import { open } from '../../src/providers/local/index.ts';
import { machineGroup } from '../../src/providers/local/machine/power.ts';
import { clusterKey } from '../../src/providers/local/paths.ts';
import { waitFor } from '../../src/util/wait.ts';
import { haup, removeCluster, status } from '../../test/e2e/support/haup.ts';
import { duration, median, ratio, table } from './figures.ts';
import { quiet } from './machine.ts';
import { run } from './run.ts';
import { adminOf, specOf } from './store.ts';

export const NODES = 'bench-nodes';
const on = ['-c', NODES];
const PODS = 5;

/** One round, in milliseconds and bytes. */
export interface NodesRound {
  /** `haup create --nodes 2`, to its end. */
  readonly fromNothing: number;
  /** `haup add-node`, until the API calls the node Ready. */
  readonly ready: number;
  /**
   * The same machine with all that haup puts on it there, switched on, until the API calls it Ready: the same programs start, and
   * nobody has to make, send, or find out anything.
   */
  readonly floor: number;
  /** What is charged to a node on which no pod runs, but for what the kernel would give back. */
  readonly idleBytes: number;
  /** Pods from creation to Ready, with a probe a second. */
  readonly pods: readonly number[];
}

export async function nodesRound(): Promise<NodesRound> {
  await removeCluster(NODES);
  const { echo } = await ensureOfflineImages({ environment: process.env });
  await quiet();
  const { ms: fromNothing } = await run(['create', ...on, '--nodes', '2', '--images', echo]);
  const api = await adminOf(NODES, (await status(NODES)).apiAddress!.ip);
  const known = (await listNodes(api)).map(({ name }) => name);
  await quiet();
  const began = performance.now();
  const adding = run(['add-node', ...on]);
  const newcomer = await readyNode(api, (name) => !known.includes(name));
  const ready = performance.now() - began;
  await adding;
  const floor = await floorOf(api, newcomer);
  await quiet();
  const idleBytes = await memoryOf(newcomer);
  const pods: number[] = [];
  for (let n = 0; n < PODS; n++) pods.push(await podOn(api, newcomer, `bench-${n}`));
  await removeCluster(NODES);
  return { fromNothing, ready, floor, idleBytes, pods };
}

export function nodesTable(rounds: readonly NodesRound[]): string {
  const of = (pick: (round: NodesRound) => number): number[] => rounds.map(pick);
  const [ready, floor] = [of((round) => round.ready), of((round) => round.floor)];
  const best = (values: readonly number[]): number => Math.min(...values);
  const pods = rounds.flatMap((round) => round.pods);
  return table([
    ['nodes', 'haup', 'floor', 'ratio', 'ratio of the best', 'bound'],
    [
      'a machine from nothing to Ready; the floor is the same one, complete, switched on',
      ...[duration(median(ready)), duration(median(floor)), ratio(median(ready), median(floor))],
      ...[ratio(best(ready), best(floor)), '1.5'],
    ],
    [
      '`haup create --nodes 2`, to its end',
      ...[duration(median(of((round) => round.fromNothing))), '', '', '', '30 s'],
    ],
    ['a pod from creation to Ready, a probe a second', duration(median(pods)), '', '', '', '2 s'],
    [
      'memory of an idle node',
      ...[`${Math.round(median(of((round) => round.idleBytes)) / 2 ** 20)} MiB`, '', '', '', '120 MiB'],
    ],
  ]);
}

/** The first one that is Ready of those that are meant. */
function readyNode(api: ApiClient, isMeant: (name: string) => boolean): Promise<string> {
  return waitFor(
    async () =>
      (await listNodes(api)).find(({ name, ready }) => ready === 'ready' && isMeant(name))?.name ?? undefined,
    { what: 'a node to be Ready', timeoutMs: 180_000, intervalMs: 50, maxIntervalMs: 50 },
  );
}

async function floorOf(api: ApiClient, name: string): Promise<number> {
  const { uid, region, zone, apiPort, kubernetesVersion, etcdVersion } = specOf(NODES);
  const versions = { kubernetesVersion, etcdVersion, environment: process.env };
  const provider = open({
    cluster: { name: NODES, uid, region, zone, apiPort },
    settings: {},
    signal: new AbortController().signal,
    progress: () => {},
    binariesFolder: (await ensureBinaries(versions)).folder,
    cacheFolder: cacheFolder(process.env),
    environment: process.env,
    nodeBinariesFolder: (await ensureNodeBinaries(versions)).folder,
  });
  try {
    await haup('fault', ...on, 'power-off', name);
    // Or it would be called Ready for a while longer.
    await deleteNode(api, name);
    await quiet();
    const began = performance.now();
    await provider.machines.start(name);
    await readyNode(api, (other) => other === name);
    return performance.now() - began;
  } finally {
    await provider.close();
  }
}

async function memoryOf(name: string): Promise<number> {
  const group = await machineGroup(clusterKey(specOf(NODES)), name);
  const v1 = (await hierarchiesInUse((await cgroupRoot())!)).find(({ controllers }) =>
    controllers.includes('memory'),
  );
  const folder = v1 ? join(v1.path, basename(group)) : group;
  const used = Number(read(folder, v1 ? 'memory.usage_in_bytes' : 'memory.current'));
  const pattern = v1 ? /^total_inactive_file (\d+)$/m : /^inactive_file (\d+)$/m;
  return used - Number(pattern.exec(read(folder, 'memory.stat'))![1]);
}

function read(folder: string, file: string): string {
  return readFileSync(join(folder, file), 'utf8').trim();
}

async function podOn(api: ApiClient, nodeName: string, name: string): Promise<number> {
  const path = '/api/v1/namespaces/default/pods';
  const ask = async (request: { method?: string; path: string; body?: object }) => {
    const { status: code, text } = await callApi(api, { ...request, timeoutMs: 10_000 });
    if (code >= 300) throw new Error(`${request.path}: answered ${code}: ${text}`);
    return JSON.parse(text);
  };
  const readinessProbe = { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 1 };
  const containers = [{ name: 'echo', image: ECHO_IMAGE, readinessProbe }];
  const spec = { nodeName, containers, terminationGracePeriodSeconds: 0 };
  const began = performance.now();
  await ask({ method: 'POST', path, body: { metadata: { name }, spec } });
  await waitFor(
    async () => {
      const { conditions = [] } = (await ask({ path: `${path}/${name}` })).status;
      const isReady = (c: { type: string; status: string }) => c.type === 'Ready' && c.status === 'True';
      return conditions.some(isReady) || undefined;
    },
    { what: `${name} to be ready`, timeoutMs: 60_000, intervalMs: 50, maxIntervalMs: 50 },
  );
  return performance.now() - began;
}
