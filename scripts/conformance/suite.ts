import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBinaries } from '../../src/artifacts/ensure.ts';
import { ensureOfflineImages } from '../../src/artifacts/images/offline.ts';
import { hostArchitecture } from '../../src/artifacts/sources.ts';
import { DEFAULT_KUBERNETES_VERSION, defaultEtcdVersion } from '../../src/artifacts/versions.ts';
import { exec } from '../../src/util/exec.ts';
import { builtOnce, isBuilt, testCache } from '../../test/support/built-once.ts';
import { conformanceImages } from './images.ts';

/** Kubernetes' own tests and what they run. */
export interface Suite {
  readonly e2e: string;
  readonly kubectl: string;
  /** Archives for `--images`. */
  readonly images: readonly string[];
}

const version = DEFAULT_KUBERNETES_VERSION;

/** A part of the suite: its folder in the cache is named by what it is made from, and appears whole or not at all. */
interface Part {
  readonly name: string;
  readonly sources: readonly string[];
  readonly build: (folder: string) => Promise<void>;
}

const programs: Part = {
  name: 'conformance',
  // Not go/modules.sh: how all is built does not change what these are.
  sources: ['../build-conformance.sh'],
  async build(folder) {
    await exec('bash', [
      fileURLToPath(new URL('../build-conformance.sh', import.meta.url)),
      ...['--kubernetes-version', version, '--output', folder],
    ]);
  },
};

const images: Part = {
  name: 'conformance-images',
  sources: [...programs.sources, 'images.ts', 'rootfs.sh'],
  async build(folder) {
    const from = await folderOf(programs);
    const listed = await exec(join(from, 'e2e.test'), ['--list-images']);
    const work = join(folder, 'work');
    await mkdir(work);
    const archive = await conformanceImages(listed.trim().split('\n').sort(), {
      programs: from,
      sources: join(
        (await exec('go', ['env', 'GOMODCACHE'])).trim(),
        `k8s.io/kubernetes@${version}/test/images`,
      ),
      etcd: join((await binaries()).folder, 'etcd'),
      pause: (await ensureOfflineImages({ environment: process.env })).pause,
      architecture: hostArchitecture(),
      work,
    });
    await writeFile(join(folder, 'images.tar'), archive);
    await rm(work, { recursive: true });
  },
};

/** The suite, if it and its images are in the cache. */
export async function cachedSuite(): Promise<Suite | null> {
  for (const part of [programs, images]) if (!(await isBuilt(await nameOf(part)))) return null;
  return open();
}

/**
 * The suite; what is not in the cache is built: five minutes on two cores that have haup's own binaries compiled.
 * It needs Go modules and Debian packages.
 */
export async function ensureSuite(say: (message: string) => void): Promise<Suite> {
  // Named before anything is built: what is edited meanwhile is not what is running.
  const named = await Promise.all(
    [programs, images].map(async (part) => ({ part, name: await nameOf(part) })),
  );
  for (const { part, name } of named) await builtOnce(name, part.build, say);
  return open();
}

async function open(): Promise<Suite> {
  const { pause, coredns } = await ensureOfflineImages({ environment: process.env });
  return {
    e2e: join(await folderOf(programs), 'e2e.test'),
    kubectl: join((await binaries()).folder, 'kubectl'),
    images: [pause, coredns, join(await folderOf(images), 'images.tar')],
  };
}

function binaries() {
  return ensureBinaries({
    environment: process.env,
    kubernetesVersion: version,
    etcdVersion: defaultEtcdVersion(version),
  });
}

async function folderOf(part: Part): Promise<string> {
  return testCache(await nameOf(part));
}

async function nameOf({ name, sources }: Part): Promise<string> {
  const hash = createHash('sha256').update(version);
  for (const source of sources) hash.update(await readFile(new URL(source, import.meta.url)));
  return `${name}-${version}-${hostArchitecture()}-${hash.digest('hex').slice(0, 16)}`;
}
