import { randomBytes } from 'node:crypto';
import { readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { makeFolder } from '../util/files.ts';
import type { Remedies } from '../util/remedy.ts';
import { BOOLEANS, booleanOf } from '../util/text/boolean.ts';
import type { Variables } from '../util/variables.ts';
import { type Builder, goBuilder } from './build/build.ts';
import { cachedBinaries, cacheFolder, refuseExposed } from './cache.ts';
import { mirrorFrom } from './download/mirror.ts';
import { ArtifactError, explainDisk } from './errors.ts';
import { fillFromDownloads } from './fill.ts';
import { lockCache } from './lock.ts';
import { checkFolder, lacking, type Manifest, type Provenance, writeManifest } from './manifest.ts';
import type { OnProgress } from './progress.ts';
import {
  type AnyRelease,
  type Architecture,
  hostArchitecture,
  listDownloads,
  type Origins,
  roleOf,
} from './sources.ts';
import { parseEtcdVersion, parseKubernetesVersion } from './versions.ts';

export interface EnsureOptions extends HowToEnsure {
  readonly kubernetesVersion: string;
  readonly etcdVersion: string;
}

export interface EnsureNodeOptions extends HowToEnsure {
  readonly kubernetesVersion: string;
}

interface HowToEnsure {
  readonly environment: Variables;
  /** Default: this machine's. */
  readonly arch?: Architecture;
  /** Default: {@link cacheFolder}. */
  readonly cache?: string;
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal | undefined;
  /** Base URL of a mirror to use instead of the official places; default $HAUP_MIRROR. Layout: see {@link listDownloads}. */
  readonly mirror?: string | undefined;
  /** Plain http is taken too; default $HAUP_MIRROR_INSECURE. */
  readonly insecure?: boolean;
  /**
   * `auto` builds from Go modules when the downloads cannot be reached and this machine can build; `always` does not even try
   * to download; `never` does not build. Default: $HAUP_BUILD (1: always, 0: never), else auto.
   */
  readonly build?: 'auto' | 'always' | 'never';
  readonly builder?: Builder;
  readonly origins?: Origins;
}

export interface Binaries {
  /** Holds the executables, 0755, under their own names, and manifest.json. Not to be written to. */
  readonly folder: string;
  readonly provenance: Provenance;
  /** Lower-case hexadecimal, by executable. */
  readonly sha256: Readonly<Record<string, string>>;
}

/**
 * A master's executables of a release: from the cache; else downloaded; else, where the downloads cannot be reached, built. Each is
 * verified by its SHA-256 before it is in the cache, and against the cache's manifest on each use. The folder in the cache
 * appears whole or not at all, also with several processes at it.
 * @throws ArtifactError; the signal's reason when aborted.
 */
export async function ensureBinaries(options: EnsureOptions): Promise<Binaries> {
  const release = {
    kubernetesVersion: parseKubernetesVersion(options.kubernetesVersion),
    etcdVersion: parseEtcdVersion(options.etcdVersion),
    arch: options.arch ?? hostArchitecture(),
  };
  return ensure(release, options);
}

/** A node's executables, in a folder of their own, otherwise as {@link ensureBinaries}. */
export async function ensureNodeBinaries(options: EnsureNodeOptions): Promise<Binaries> {
  const kubernetesVersion = parseKubernetesVersion(options.kubernetesVersion);
  return ensure({ role: 'node', kubernetesVersion, arch: options.arch ?? hostArchitecture() }, options);
}

async function ensure(release: AnyRelease, options: HowToEnsure): Promise<Binaries> {
  const role = roleOf(release);
  const cache = options.cache ?? cacheFolder(options.environment);
  const folder = cachedBinaries(cache, release);
  await refuseExposed(cache);
  const cached = await checkFolder(folder, role);
  if (isManifest(cached)) return binaries(folder, cached);
  const onProgress = options.onProgress ?? (() => {});
  const unlock = await lockCache(cache, basename(folder), {
    signal: options.signal,
    onWait: () =>
      onProgress({ kind: 'message', text: 'Another haup is getting the same binaries; waiting for it.' }),
  });
  try {
    const now = await checkFolder(folder, role);
    if (isManifest(now)) return binaries(folder, now);
    const missing = now === null ? [] : await lacking(folder, role);
    if (missing.length > 0)
      return binaries(folder, await complete(release, cache, folder, missing, onProgress, options));
    if (now !== null)
      onProgress({ kind: 'message', text: `The binaries in ${folder} are not used: ${now}.` });
    return binaries(folder, await install(release, cache, folder, onProgress, options));
  } catch (error) {
    throw explainDisk(error, folder);
  } finally {
    unlock();
  }
}

async function install(
  release: AnyRelease,
  cache: string,
  folder: string,
  onProgress: OnProgress,
  options: HowToEnsure,
): Promise<Manifest> {
  return beside(folder, async (fresh) => {
    const provenance = await fill(release, fresh, partsOf(cache, folder), onProgress, options);
    const manifest = await writeManifest(fresh, release, provenance);
    options.signal?.throwIfAborted();
    await replaceFolder(folder, fresh);
    return manifest;
  });
}

/** Machines that run see the folder itself: what an older haup did not put there is added to it, and nothing else is touched. */
async function complete(
  release: AnyRelease,
  cache: string,
  folder: string,
  missing: readonly string[],
  onProgress: OnProgress,
  options: HowToEnsure,
): Promise<Manifest> {
  onProgress({ kind: 'message', text: `The binaries in ${folder} lack ${missing.join(', ')}.` });
  return beside(folder, async (fresh) => {
    const provenance = await fill(release, fresh, partsOf(cache, folder), onProgress, options, missing);
    options.signal?.throwIfAborted();
    for (const name of missing) await rename(join(fresh, name), join(folder, name));
    return writeManifest(folder, release, provenance);
  });
}

/** Of its own, for the cache's lock is a release's too: a file of another release may have the same name, and be written just now. */
function partsOf(cache: string, folder: string): string {
  return join(cache, 'downloads', basename(folder));
}

/** Under the cache's lock: in a new folder beside this one, of which nothing is left afterwards. */
async function beside<T>(folder: string, work: (fresh: string) => Promise<T>): Promise<T> {
  const prefix = `.new-${basename(folder)}-`;
  await makeFolder(dirname(folder), 0o755);
  for (const entry of await readdir(dirname(folder))) {
    // We hold the lock, so whoever made these has died in the middle.
    if (entry.startsWith(prefix)) await rm(join(dirname(folder), entry), { recursive: true, force: true });
  }
  const fresh = join(dirname(folder), `${prefix}${randomBytes(4).toString('hex')}`);
  await makeFolder(fresh, 0o755);
  try {
    return await work(fresh);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

async function fill(
  release: AnyRelease,
  folder: string,
  partsFolder: string,
  onProgress: OnProgress,
  options: HowToEnsure,
  /** Absent: all. */
  only?: readonly string[],
): Promise<Provenance> {
  const builder = options.builder ?? goBuilder(roleOf(release));
  const build = options.build ?? buildFromEnvironment(options.environment.HAUP_BUILD);
  const obstacle = build === 'never' ? 'building is switched off' : await builder.obstacle();
  const runBuild = () => builder.build(release, folder, onProgress, options.signal, only);
  if (build === 'always') {
    if (obstacle === null) return runBuild();
    throw new ArtifactError('build', `cannot build the binaries: ${obstacle}`, {
      advice: 'Install Go, or unset HAUP_BUILD so that haup downloads them.',
    });
  }
  const asked = mirrorFrom(options.environment);
  const mirror = options.mirror ?? asked.mirror;
  const insecure = options.insecure ?? asked.insecure;
  const downloads = listDownloads(release, {
    mirror,
    insecure,
    ...(options.origins ? { origins: options.origins } : {}),
  }).filter(({ binaries }) => only === undefined || binaries.some(({ name }) => only.includes(name)));
  try {
    await fillFromDownloads(downloads, folder, partsFolder, onProgress, { signal: options.signal, insecure });
    return mirror
      ? { kind: 'mirror', detail: mirror }
      : {
          kind: 'official release',
          detail: [...new Set(downloads.map((one) => new URL(one.url).host))].join(', '),
        };
  } catch (error) {
    if (!(error instanceof ArtifactError)) throw error;
    if (error.kind === 'unreachable' && obstacle === null) {
      onProgress({
        kind: 'message',
        text: `${sentence(error.message)} Building the binaries from their Go modules instead.`,
      });
      return runBuild();
    }
    throw withAdvice(error, release, mirror, obstacle);
  }
}

function withAdvice(
  error: ArtifactError,
  release: AnyRelease,
  mirror: string | undefined,
  obstacle: string | null,
): Error {
  const second = 'etcdVersion' in release ? `etcd ${release.etcdVersion}` : 'what a node runs beside it';
  const versions = `Kubernetes ${release.kubernetesVersion} and ${second} for ${release.arch}`;
  if (error.kind === 'unreachable') {
    const advice =
      `Connect this machine to the internet, or set HAUP_MIRROR to a mirror that it reaches, and run the same command again: ` +
      `what is already here is kept. Offline, haup builds them from Go modules, but ${obstacle}.`;
    return new ArtifactError('unreachable', `${error.message} (needed for ${versions})`, {
      advice,
      cause: error,
    });
  }
  if (error.kind === 'not-found') {
    const which = mirror ? 'or name one that it has' : 'name a release that exists';
    const advice: Remedies = [
      ...(mirror ? ['Put that release on the mirror.'] : []),
      { to: which, setting: 'kubernetesVersion' },
      { to: which, setting: 'etcdVersion' },
    ];
    return new ArtifactError('not-found', error.message, { advice, cause: error });
  }
  return error;
}

function buildFromEnvironment(value: string | undefined): 'auto' | 'always' | 'never' {
  if (value === undefined || value === '') return 'auto';
  const build = booleanOf(value);
  if (build === null) {
    throw new ArtifactError(
      'usage',
      `HAUP_BUILD must be ${BOOLEANS}, not ${JSON.stringify(value.slice(0, 40))}`,
    );
  }
  return build ? 'always' : 'never';
}

/** A folder cannot be renamed over one that is not empty, so the old one moves out of the way first. */
async function replaceFolder(folder: string, fresh: string): Promise<void> {
  const old = `${fresh}-old`;
  await rename(folder, old).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await rename(fresh, folder);
  await rm(old, { recursive: true, force: true });
}

function isManifest(answer: Manifest | string | null): answer is Manifest {
  return answer !== null && typeof answer !== 'string';
}

function binaries(folder: string, manifest: Manifest): Binaries {
  const sums = Object.entries(manifest.binaries).map(([name, { sha256 }]) => [name, sha256]);
  return { folder, provenance: manifest.provenance, sha256: Object.fromEntries(sums) };
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
