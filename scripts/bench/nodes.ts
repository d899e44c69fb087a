import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ECHO_IMAGE } from '../../src/artifacts/images/names.ts';
import { ensureOfflineImages } from '../../src/artifacts/images/offline.ts';
import { type ApiClient, callApi } from '../../src/kubernetes/client.ts';
import { deleteNode, listNodes, readNode } from '../../src/nodes/api/nodes.ts';
import { cgroupRoot } from '../../src/providers/local/host/cgroups.ts';
import { hierarchiesInUse } from '../../src/providers/local/host/hierarchies.ts';
import { machineGroup } from '../../src/providers/local/machine/power.ts';
import { clusterKey } from '../../src/providers/local/paths.ts';
import { waitFor } from '../../src/util/wait.ts';
import { haup, removeCluster, startHaup, status } from '../../test/e2e/support/haup.ts';
import { duration, median, ratio, table } from './figures.ts';
import { runNodeFloor } from './floor-node.ts';
import { quiet } from './machine.ts';
import { run } from './run.ts';
import { adminOf, specOf } from './store.ts';

export const NODES = 'bench-nodes';
const on = ['-c', NODES];
const PODS = 5;
const POD_PATH = '/api/v1/namespaces/default/pods';

/** One round, in milliseconds and bytes. */
export interface NodesRound {
  /** `haup create --nodes 2`, to its end. */
  readonly fromNothing: number;
  /** `haup add-node`, until the API calls the node Ready. */
  readonly ready: number;
  /** The same from when its machine begins to be made. */
  readonly machineReady: number;
  /** See {@link runNodeFloor}: by a token, and with the certificate there. */
  readonly floor: number;
  readonly floorWithCertificate: number;
  /** What is charged to a node on which no pod runs, but for what the kernel would give back. */
  readonly idleBytes: number;
  /** Pods from creation to Ready, with a probe a second. */
  readonly pods: readonly number[];
}

export async function nodesRound(): Promise<NodesRound> {
  await removeCluster(NODES);
  const { pause, coredns, echo } = await ensureOfflineImages({ environment: process.env });
  await quiet();
  const { ms: fromNothing } = await run(['create', ...on, '--nodes', '2', '--images', echo]);
  const api = await adminOf(NODES, (await status(NODES)).apiAddress!.ip);
  const known = (await listNodes(api)).map(({ name }) => name);
  await quiet();
  const began = performance.now();
  const adding = startHaup(['add-node', ...on, '--log-format', 'json']);
  const making = adding.shows(/step-started[^\n]*create-node/).then(() => performance.now());
  const newcomer = await readyNode(api, (name) => !known.includes(name));
  const now = performance.now();
  const [ready, machineReady] = [now - began, now - (await making)];
  const { code, stderr } = await adding.ended;
  if (code !== 0) throw new Error(`haup add-node ended with ${code}:\n${stderr}`);
  await quiet();
  const idleBytes = await memoryOf(newcomer);
  const pods: number[] = [];
  for (let n = 0; n < PODS; n++) pods.push(await podOn(api, newcomer, `bench-${n}`));
  for (let n = 0; n < PODS; n++) await call(api, { method: 'DELETE', path: `${POD_PATH}/bench-${n}` });
  const { internalIp } = (await readNode(api, newcomer))!;
  await haup('fault', ...on, 'power-off', newcomer);
  const floorOf = async (credentials: 'token' | 'certificate'): Promise<number> => {
    // Or it would be called Ready for a while longer.
    await deleteNode(api, newcomer);
    const node = { cluster: NODES, api, name: newcomer, ip: internalIp!, images: [pause, coredns, echo] };
    return runNodeFloor(node, credentials, () => readyNode(api, (other) => other === newcomer));
  };
  // The certificate that its kubelet has got from haup is still there.
  const floorWithCertificate = await floorOf('certificate');
  const floor = await floorOf('token');
  await removeCluster(NODES);
  return { fromNothing, ready, machineReady, floor, floorWithCertificate, idleBytes, pods };
}

export function nodesTable(rounds: readonly NodesRound[]): string {
  const of = (pick: (round: NodesRound) => number): number[] => rounds.map(pick);
  const [ready, floor] = [of((round) => round.ready), of((round) => round.floor)];
  const machine = of((round) => round.machineReady);
  const known = of((round) => round.floorWithCertificate);
  const best = (values: readonly number[]): number => Math.min(...values);
  const pods = rounds.flatMap((round) => round.pods);
  return table([
    ['nodes', 'haup', 'floor', 'ratio', 'ratio of the best', 'bound'],
    [
      'a machine, from when it begins to be made, to a Ready node; the floor has its disk ready-made and joins by a token',
      ...[duration(median(machine)), duration(median(floor)), ratio(median(machine), median(floor))],
      ...[ratio(best(machine), best(floor)), '1.5'],
    ],
    [
      'the same from the start of `haup add-node`, which looks at the cluster first, and seals and notes what it is about to do',
      ...[duration(median(ready)), duration(median(floor)), ratio(median(ready), median(floor))],
      ...[ratio(best(ready), best(floor)), ''],
    ],
    [
      'the same against a floor whose kubelet has its certificate, as if it had joined before',
      ...[duration(median(ready)), duration(median(known)), ratio(median(ready), median(known))],
      ...[ratio(best(ready), best(known)), ''],
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
  const readinessProbe = { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 1 };
  const containers = [{ name: 'echo', image: ECHO_IMAGE, readinessProbe }];
  const spec = { nodeName, containers, terminationGracePeriodSeconds: 0 };
  const began = performance.now();
  await call(api, { method: 'POST', path: POD_PATH, body: { metadata: { name }, spec } });
  await waitFor(
    async () => {
      const { conditions = [] } = (await call(api, { path: `${POD_PATH}/${name}` })).status;
      const isReady = (c: { type: string; status: string }) => c.type === 'Ready' && c.status === 'True';
      return conditions.some(isReady) || undefined;
    },
    { what: `${name} to be ready`, timeoutMs: 60_000, intervalMs: 50, maxIntervalMs: 50 },
  );
  return performance.now() - began;
}

async function call(api: ApiClient, request: { method?: string; path: string; body?: object }) {
  const { status: code, text } = await callApi(api, { ...request, timeoutMs: 10_000 });
  if (code >= 300) throw new Error(`${request.path}: answered ${code}: ${text}`);
  return JSON.parse(text);
}
