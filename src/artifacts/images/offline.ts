import { createHash, randomBytes } from 'node:crypto';
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { tryExec } from '../../util/exec.ts';
import { makeFolder } from '../../util/files.ts';
import { packageRoot } from '../../util/package-root.ts';
import type { Variables } from '../../util/variables.ts';
import { cacheFolder } from '../cache.ts';
import { ArtifactError } from '../errors.ts';
import { lockCache } from '../lock.ts';
import { type Architecture, hostArchitecture } from '../sources.ts';
import { NODE_VERSIONS } from '../versions.ts';
import { type Image, imageArchive, imageLayer } from './layout.ts';
import { COREDNS_IMAGE, ECHO_IMAGE, PAUSE_IMAGE } from './names.ts';

export interface OfflineOptions {
  readonly environment: Variables;
  /** Default: this machine's. */
  readonly arch?: Architecture;
  /** Default: {@link cacheFolder}. */
  readonly cache?: string;
  readonly onProgress?: (message: string) => void;
  readonly signal?: AbortSignal;
}

type Around = Pick<OfflineOptions, 'environment' | 'signal'>;

interface Recipe {
  readonly name: string;
  /** The executable's name, which is the archive's too. */
  readonly program: string;
  /** Files of ours that it is made from, below scripts/. */
  readonly sources: readonly string[];
  /** What else decides about its contents. */
  readonly version: string;
  readonly user?: string;
  /** Puts the executable into `folder`. */
  readonly build: (folder: string, arch: Architecture, around: Around) => Promise<void>;
}

const scripts = `${packageRoot}scripts`;

const RECIPES = {
  pause: {
    name: PAUSE_IMAGE,
    program: 'pause',
    sources: ['images/pause/main.go', 'images/pause/go.mod'],
    version: NODE_VERSIONS.pause,
    user: '65535:65535',
    build: own('pause'),
  },
  echo: {
    name: ECHO_IMAGE,
    program: 'echo',
    sources: ['images/echo/main.go', 'images/echo/go.mod'],
    version: '1',
    user: '65532:65532',
    build: own('echo'),
  },
  coredns: {
    name: COREDNS_IMAGE,
    program: 'coredns',
    sources: ['images/coredns/main.go', 'build-node-binaries.sh', 'go/modules.sh'],
    version: NODE_VERSIONS.coredns,
    build: (folder, arch, around) =>
      run(
        'bash',
        [
          join(scripts, 'build-node-binaries.sh'),
          ...['--coredns-version', NODE_VERSIONS.coredns, '--output', folder, '--arch', arch],
        ],
        around,
      ),
  },
} satisfies Record<string, Recipe>;

export type OfflineImage = keyof typeof RECIPES;

/** Where they are kept in a cache. */
export function builtImagesFolder(cache: string): string {
  return join(cache, 'container-images');
}

/**
 * Archives of the images that a cluster with nodes needs where no registry can be reached, built from Go modules on this machine:
 * paths by image, for `--images`. Kept in the cache by what they are made from; an archive appears whole or not at all.
 * @throws ArtifactError of kind build
 */
export async function ensureOfflineImages(options: OfflineOptions): Promise<Record<OfflineImage, string>> {
  const archives = {} as Record<OfflineImage, string>;
  // One after the other: each keeps all processors busy.
  for (const [image, recipe] of Object.entries(RECIPES) as [OfflineImage, Recipe][])
    archives[image] = await ensureOne(recipe, options);
  return archives;
}

async function ensureOne(recipe: Recipe, options: OfflineOptions): Promise<string> {
  const arch = options.arch ?? hostArchitecture();
  const cache = options.cache ?? cacheFolder(options.environment);
  const folder = builtImagesFolder(cache);
  const path = join(folder, `${recipe.program}-${await key(recipe, arch)}.tar`);
  if (await exists(path)) return path;
  const unlock = await lockCache(cache, basename(path), { signal: options.signal });
  const work = join(folder, `.new-${recipe.program}-${randomBytes(4).toString('hex')}`);
  try {
    if (await exists(path)) return path;
    options.onProgress?.(`building the image ${recipe.name}`);
    await makeFolder(work);
    await recipe.build(work, arch, options);
    const content = await readFile(join(work, recipe.program));
    await writeFile(join(work, 'archive'), imageArchive(imageOf(recipe, arch, content)));
    await rename(join(work, 'archive'), path);
    return path;
  } finally {
    await rm(work, { recursive: true, force: true });
    unlock();
  }
}

function imageOf({ name, program, user }: Recipe, architecture: Architecture, content: Buffer): Image {
  return {
    name,
    architecture,
    layers: [imageLayer([{ path: `/${program}`, content, mode: 0o755 }])],
    entrypoint: [`/${program}`],
    ...(user === undefined ? {} : { user }),
  };
}

/** Names an archive by what it is made from. */
async function key({ name, sources, version }: Recipe, arch: Architecture): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([1, name, version, arch]));
  for (const source of sources) hash.update(await readFile(join(scripts, source)));
  return `${arch}-${hash.digest('hex').slice(0, 16)}`;
}

/** A program of ours that needs no module but Go's own library. */
function own(program: string): Recipe['build'] {
  return (folder, arch, around) =>
    run(
      'go',
      ['build', '-trimpath', '-buildvcs=false', '-ldflags', '-s -w', '-o', join(folder, program), '.'],
      around,
      { cwd: join(scripts, 'images', program), arch },
    );
}

async function run(
  file: string,
  args: readonly string[],
  { environment, signal }: Around,
  go?: { readonly cwd: string; readonly arch: Architecture },
): Promise<void> {
  const env = { ...environment, CGO_ENABLED: '0', GOOS: 'linux', GOFLAGS: '', GOWORK: 'off' };
  const { code, stderr } = await tryExec(file, args, {
    ...(go ? { cwd: go.cwd, env: { ...env, GOARCH: go.arch } } : {}),
    ...(signal ? { signal } : {}),
  });
  if (code === 0) return;
  throw new ArtifactError(
    'build',
    `building an image failed (exit code ${code}): ${stderr.trim().slice(-600)}`,
  );
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
