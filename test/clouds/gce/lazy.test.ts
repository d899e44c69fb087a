import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { clusterStateSchema, noHistory } from '../../../src/cluster/world/memory.ts';
import { openStore } from '../../../src/state/open.ts';
import { specOf } from '../../support/clusters.ts';

const MAIN = new URL('../../../src/cli/main.ts', import.meta.url).pathname;
/** Notes the URL of every module that is resolved, in every thread that resolves one. */
const NOTES = `
import { appendFileSync } from 'node:fs';
export async function resolve(specifier, context, next) {
  const found = await next(specifier, context);
  appendFileSync(process.env.LOADED, found.url + '\\n');
  return found;
}`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haup-lazy-'));
  await writeFile(join(folder, 'notes.mjs'), NOTES);
  const hooks = JSON.stringify(pathToFileURL(join(folder, 'notes.mjs')).href);
  await writeFile(
    join(folder, 'register.mjs'),
    `import { register } from 'node:module'; register(${hooks});`,
  );
  const store = openStore(pathToFileURL(join(folder, 'haup', 'clusters')).href, clusterStateSchema);
  const zone = 'europe-west1-b';
  const specs = [
    specOf(['lazy-master@local-a'], { name: 'lazy-local' }),
    specOf([`lazy-master@${zone}`], { name: 'lazy-gce', provider: 'gce', region: 'europe-west1', zone }),
  ];
  for (const spec of specs) await store.create(spec.name, { spec, history: noHistory, pins: {} });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What the registry knows of every provider without loading it, and the pure files that this is made of. */
function withoutTraits(loaded: readonly string[]): string[] {
  return loaded.filter(
    (url) => !/\/providers\/\w+\/(address\/)?(traits|names|addresses|ipv4)\.ts$/.test(url),
  );
}

/** The modules that `haup status` of this cluster loads. */
async function loadedBy(cluster: string): Promise<string[]> {
  const list = join(folder, cluster);
  await writeFile(list, '');
  const args = ['--import', 'tsx', '--import', join(folder, 'register.mjs'), MAIN, 'status', '-c', cluster];
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    HAUP_HOME: join(folder, 'haup'),
    LOADED: list,
    METADATA_SERVER_DETECTION: 'none', // there are no credentials, and nobody is asked for them
  };
  await new Promise((resolve) => execFile(process.execPath, args, { env }, resolve));
  return (await readFile(list, 'utf8')).split('\n');
}

it('haup status of a local cluster loads nothing of the cloud clients', async () => {
  const clouds = /@google-cloud|google-gax|google-auth|@aws-sdk|@smithy|providers\/(gce|aws)\//;
  const loaded = withoutTraits(await loadedBy('lazy-local'));
  expect(loaded.filter((url) => clouds.test(url))).toEqual([]);
  expect(loaded.some((url) => url.includes('/providers/local/'))).toBe(true);
});

it('haup status of a cluster on Compute Engine loads nothing of the other providers', async () => {
  const loaded = withoutTraits(await loadedBy('lazy-gce'));
  expect(loaded.filter((url) => /@aws-sdk|@smithy|providers\/(local|aws)\//.test(url))).toEqual([]);
  expect(loaded.some((url) => url.includes('/providers/gce/'))).toBe(true);
});
