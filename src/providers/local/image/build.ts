import { chmod, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ExecError, tryExec } from '../../../util/exec.ts';
import { makeFolder } from '../../../util/files.ts';
import { hasCode } from '../../../util/host/os-error.ts';
import type { Variables } from '../../../util/variables.ts';
import { ProviderError } from '../../errors.ts';
import { isMissing, readText } from '../host/files.ts';
import {
  type AptSource,
  debianMirrors,
  parseDeb822,
  parseSourcesList,
  withMirrorLists,
} from './apt-sources.ts';
import { DISABLED_UNITS, ENABLED_UNITS, FILES, MASKED_UNITS, PACKAGES, REMOVED, SUITE } from './recipe.ts';

/** While it is made, roughly: 291 MB were seen, with fewer packages. */
const SIZE = 'about 400 MiB';

export interface BuildOptions {
  readonly environment: Variables;
  readonly onProgress?: (message: string) => void;
  readonly signal?: AbortSignal;
}

/** Makes the image in `folder`, which must not exist. Takes the mirror from the host's own apt settings. */
export async function buildImage(folder: string, options: BuildOptions): Promise<void> {
  await buildFrom(await hostMirrors(options.environment), folder, options);
}

/**
 * From the first of `mirrors`, in their order, that can do it. Where none can, the first one's failure is told: later ones are there
 * by chance. A full disk is none of a mirror's doing.
 */
export async function buildFrom(
  mirrors: readonly AptSource[],
  folder: string,
  options: BuildOptions,
): Promise<void> {
  let failure: unknown;
  for (const mirror of mirrors) {
    options.onProgress?.(`building the machine image (Debian ${SUITE}), once, about a minute`);
    try {
      await debootstrap(folder, mirror, options);
      await furnish(folder);
      return;
    } catch (error) {
      options.signal?.throwIfAborted();
      const full = await isFull(error, folder);
      await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
      if (full) {
        throw new ProviderError('preflight', `${dirname(folder)} has no room for the machine image`, {
          cause: error,
          advice: `make room there (${SIZE}), or name another folder in HAUP_CACHE`,
        });
      }
      failure ??= error;
    }
  }
  if (failure instanceof ExecError) {
    const words = failure.result.stdout.trim().split('\n').slice(-3).join('; ') || failure.message;
    throw new ProviderError('transient', `debootstrap could not make the machine image: ${words}`, {
      cause: failure,
      advice:
        'check that apt works on this host (apt-get update), or name a Debian mirror in HAUP_DEBIAN_MIRROR',
    });
  }
  throw failure;
}

/** Was it the disk? debootstrap's own words are of the package that it was at; dpkg's are in its log. */
async function isFull(error: unknown, folder: string): Promise<boolean> {
  if (!(error instanceof ExecError)) return hasCode(error, 'ENOSPC', 'EDQUOT');
  const log = await readText(join(folder, 'debootstrap/debootstrap.log'));
  const said = `${error.result.stdout}\n${error.result.stderr}\n${log ?? ''}`;
  return /No space left on device|Disk quota exceeded/i.test(said);
}

/** HAUP_DEBIAN_MIRROR, or the archives that this host's apt uses. @throws ProviderError `preflight` when there are none. */
async function hostMirrors(environment: Variables): Promise<AptSource[]> {
  const named = environment.HAUP_DEBIAN_MIRROR;
  if (named) return [{ uri: named, suite: SUITE, components: ['main'], signedBy: null }];
  const parts = '/etc/apt/sources.list.d';
  const entries = await readdir(parts).catch((error) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const sources = parseSourcesList((await readText('/etc/apt/sources.list')) ?? '');
  for (const entry of entries.sort()) {
    const text = () => readFile(join(parts, entry), 'utf8');
    if (entry.endsWith('.list')) sources.push(...parseSourcesList(await text()));
    if (entry.endsWith('.sources')) sources.push(...parseDeb822(await text()));
  }
  const archives = await withMirrorLists(sources, readText);
  const mirrors = debianMirrors(archives, hostCodename((await readText('/etc/os-release')) ?? ''));
  if (mirrors.length > 0) return mirrors;
  throw new ProviderError(
    'preflight',
    "this host's apt settings name no Debian archive to make the machine image from",
    {
      advice: 'name one: export HAUP_DEBIAN_MIRROR=<URL of a Debian archive>',
    },
  );
}

function hostCodename(osRelease: string): string {
  return /^VERSION_CODENAME="?([a-z]+)"?$/m.exec(osRelease)?.[1] ?? '';
}

/**
 * debootstrap mounts in its target and would go on after our death: it runs in a mount and a process namespace of its
 * own, which end with us and take everything along.
 */
async function debootstrap(
  folder: string,
  mirror: AptSource,
  { environment, signal }: BuildOptions,
): Promise<void> {
  const proxy = await aptProxy();
  const args = [
    ...['--pdeathsig', 'KILL', 'unshare', '--mount', '--propagation', 'private'],
    ...['--pid', '--fork', '--kill-child=KILL', '--mount-proc'],
    ...['debootstrap', '--variant=minbase', `--include=${PACKAGES.join(',')}`],
    ...(mirror.signedBy ? [`--keyring=${mirror.signedBy}`] : []),
    ...[SUITE, folder, mirror.uri],
  ];
  const result = await tryExec('setpriv', args, {
    env: { ...environment, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive', ...proxy },
    ...(signal ? { signal } : {}),
  });
  if (result.code !== 0) throw new ExecError('debootstrap', result);
}

/** The proxy that apt is told to use; debootstrap's wget takes it from the environment. */
async function aptProxy(): Promise<NodeJS.ProcessEnv> {
  const result = await tryExec('apt-config', ['dump', '--format=%v%n', 'Acquire::http::Proxy']);
  const proxy = result.stdout.trim().split('\n').pop() ?? '';
  return proxy === '' || proxy === 'DIRECT' ? {} : { http_proxy: proxy };
}

/**
 * Turns a bare Debian into a machine image: our files, fewer units, nothing that must be a machine's own. Users of the machine can
 * read all that it makes, whatever our umask.
 */
export async function furnish(root: string): Promise<void> {
  for (const path of REMOVED) await rm(join(root, path), { recursive: true, force: true });
  // Empty, not missing: missing means "first boot" to systemd, which then applies presets to every unit.
  for (const path of ['etc/machine-id', 'etc/resolv.conf']) {
    await writeFile(join(root, path), '');
    await chmod(join(root, path), 0o644);
  }
  await makeFolder(join(root, 'opt/haup/bin'), 0o755);
  const units = join(root, 'etc/systemd/system');
  for (const unit of MASKED_UNITS) {
    await rm(join(units, unit), { recursive: true, force: true });
    await symlink('/dev/null', join(units, unit));
  }
  for (const file of FILES) {
    const path = join(root, file.path);
    await makeFolder(dirname(path), 0o755);
    await writeFile(path, file.content);
    await chmod(path, file.mode);
  }
  for (const unit of DISABLED_UNITS) await forgetWants(units, unit);
  const wants = join(units, 'multi-user.target.wants');
  await makeFolder(wants, 0o755);
  for (const unit of ENABLED_UNITS) await symlink(`/etc/systemd/system/${unit}`, join(wants, unit));
}

async function forgetWants(units: string, unit: string): Promise<void> {
  for (const entry of await readdir(units)) {
    if (entry.endsWith('.wants')) await rm(join(units, entry, unit), { force: true });
  }
}
