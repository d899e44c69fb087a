import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '../../src/artifacts/cache.ts';
import { ensureNodeBinaries } from '../../src/artifacts/ensure.ts';
import type { ApiClient } from '../../src/kubernetes/client.ts';
import { createJoinToken } from '../../src/nodes/api/token.ts';
import { nodePaths } from '../../src/nodes/paths.ts';
import { ensureImage } from '../../src/providers/local/image/ensure.ts';
import { fabricNamespace } from '../../src/providers/local/names.ts';
import { clusterKey, machineFolder } from '../../src/providers/local/paths.ts';
import { quiet } from './machine.ts';
import { caOf, specOf } from './store.ts';

const SCRIPT = new URL('floor-node.sh', import.meta.url).pathname;
const SEED = '/var/lib/haup-bench/node-seed';
const RUN = '/var/lib/haup-bench/node-run';

export interface FloorNode {
  readonly cluster: string;
  readonly api: ApiClient;
  /** Whose machine it is: switched off, and no longer known to the API. */
  readonly name: string;
  readonly ip: string;
  /** Archives, which are imported in this order. */
  readonly images: readonly string[];
}

/**
 * A node's floor: the same machine, with all that haup puts on it there and no haup, from its power button until its images are
 * there and `isReady` resolves. In milliseconds.
 * @param credentials how its kubelet comes by its certificate: it asks for one with a bootstrap token, or has one.
 */
export async function runNodeFloor(
  node: FloorNode,
  credentials: 'token' | 'certificate',
  isReady: () => Promise<unknown>,
): Promise<number> {
  removeNodeFloor();
  await prepare(node, credentials);
  try {
    await quiet();
    const began = performance.now();
    const net = fabricNamespace(clusterKey(specOf(node.cluster)));
    await Promise.all([
      promisify(execFile)('/bin/sh', [SCRIPT, 'switch_on', net, SEED, RUN], { timeout: 180_000 }),
      isReady(),
    ]);
    return performance.now() - began;
  } finally {
    removeNodeFloor();
  }
}

/** Also what a run that crashed has left. */
export function removeNodeFloor(): void {
  execFileSync('/bin/sh', [SCRIPT, 'down', RUN], { stdio: ['ignore', 'inherit', 'inherit'] });
  for (const folder of [SEED, RUN]) rmSync(folder, { recursive: true, force: true });
}

/** Its disk as haup has left it, but for what it has got since: the kubelet's state, images, a journal. */
async function prepare({ cluster, api, name, ip, images }: FloorNode, credentials: 'token' | 'certificate') {
  const spec = specOf(cluster);
  const cache = cacheFolder(process.env);
  const upper = join(RUN, 'node/upper');
  for (const folder of ['work', 'root', 'containerd']) {
    mkdirSync(join(RUN, 'node', folder), { recursive: true, mode: 0o711 });
  }
  execFileSync('cp', ['-a', join(machineFolder(clusterKey(spec), name), 'disk/upper'), upper]);
  rmSync(join(upper, 'var/log/journal'), { recursive: true, force: true });
  forgetAllBut(join(upper, nodePaths.kubelet), credentials === 'token' ? [] : ['pki', 'kubeconfig']);
  if (credentials === 'token') {
    const token = await createJoinToken(api, { purpose: 'join the floor', minutes: 15 });
    const server = `https://${api.ip}:${api.port}`;
    const text = JSON.stringify(bootstrapKubeconfig(server, caOf(cluster), token));
    writeFileSync(join(upper, nodePaths.bootstrapKubeconfig), text, { mode: 0o600 });
  }
  mkdirSync(join(SEED, 'node'), { recursive: true, mode: 0o700 });
  const files = {
    image: await ensureImage({ cacheFolder: cache, environment: process.env }),
    binaries: (await ensureNodeBinaries({ ...spec, environment: process.env })).folder,
    images: images.map((path) => `${path}\n`).join(''),
    'node/name': name,
    'node/ip': ip,
  };
  for (const [file, content] of Object.entries(files)) writeFileSync(join(SEED, file), content);
}

function forgetAllBut(folder: string, kept: readonly string[]): void {
  for (const name of readdirSync(folder)) {
    if (!kept.includes(name)) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

function bootstrapKubeconfig(server: string, caPem: string, token: string): object {
  const name = 'floor';
  const data = Buffer.from(caPem).toString('base64');
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'certificate-authority-data': data } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  };
}
