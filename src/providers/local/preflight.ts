import { access, constants, readFile, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { tryExec } from '../../util/exec.ts';
import { exposureOf } from '../../util/host/private-folder.ts';
import type { Variables } from '../../util/variables.ts';
import { ProviderError } from '../errors.ts';
import type { Context } from './context.ts';
import { capacityOf, checkCapacity } from './host/capacity.ts';
import { needCgroupRoot } from './host/cgroups.ts';
import { exists } from './host/files.ts';
import { imageIsCached } from './image/ensure.ts';
import { STATE_ROOT } from './paths.ts';

/** Debian packages of the programs that the provider runs. */
const PROGRAMS: Readonly<Record<string, string>> = {
  'systemd-nspawn': 'systemd-container',
  ip: 'iproute2',
  nft: 'nftables',
  haproxy: 'haproxy',
  flock: 'util-linux',
  nsenter: 'util-linux',
  setpriv: 'util-linux',
  unshare: 'util-linux',
};

const IMAGE_PROGRAMS: Readonly<Record<string, string>> = { debootstrap: 'debootstrap' };

const OVERLAYFS = 0x794c7630;

/**
 * @param machines how many are to be made; absent: none
 * @throws ProviderError `preflight` that names all that is missing and the command that mends it
 */
export async function preflight(
  context: Pick<Context, 'cacheFolder' | 'binariesFolder' | 'environment'>,
  machines?: number,
): Promise<void> {
  if (process.platform !== 'linux') {
    throw new ProviderError('preflight', `the local provider needs Linux, not ${process.platform}`);
  }
  if (process.getuid?.() !== 0) {
    throw new ProviderError('preflight', 'the local provider makes machines and networks: it needs root', {
      advice: 'run haup with sudo',
    });
  }
  await needPrivateFolders([STATE_ROOT, context.cacheFolder]);
  await needPrograms(context);
  await needOverlay();
  await needCgroupRoot();
  if (machines !== undefined) checkCapacity(await capacityOf(context.binariesFolder), machines);
}

/** What is in them runs as root. */
async function needPrivateFolders(folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    const exposure = await exposureOf(folder);
    if (exposure) throw new ProviderError('preflight', exposure.fault, { advice: exposure.mend });
  }
}

async function needPrograms({
  cacheFolder,
  environment,
}: Pick<Context, 'cacheFolder' | 'environment'>): Promise<void> {
  const isCached = await imageIsCached(cacheFolder);
  const wanted = { ...PROGRAMS, ...(isCached ? {} : IMAGE_PROGRAMS) };
  const missing: string[] = [];
  for (const program of Object.keys(wanted)) if (!(await onPath(program, environment))) missing.push(program);
  const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
  const packages = new Set(missing.map((program) => wanted[program]!));
  if (!isCached && !(await exists(keyring))) {
    missing.push(keyring);
    packages.add('debian-archive-keyring');
  }
  if (missing.length === 0) return;
  throw new ProviderError('preflight', `this host lacks ${missing.join(', ')}`, {
    advice: `apt-get update && apt-get install --yes ${[...packages].sort().join(' ')}`,
  });
}

async function onPath(program: string, environment: Variables): Promise<boolean> {
  for (const folder of (environment.PATH ?? '').split(':').filter(Boolean)) {
    try {
      await access(join(folder, program), constants.X_OK);
      return true;
    } catch {}
  }
  return false;
}

async function needOverlay(): Promise<void> {
  const known = async () => (await readFile('/proc/filesystems', 'utf8')).includes('\toverlay\n');
  if (!(await known())) await tryExec('modprobe', ['overlay']).catch(() => {});
  if (!(await known())) {
    throw new ProviderError('preflight', 'the kernel has no overlayfs', { advice: 'modprobe overlay' });
  }
  let folder = STATE_ROOT;
  while (!(await exists(folder))) folder = dirname(folder);
  if ((await statfs(folder)).type !== OVERLAYFS) return;
  throw new ProviderError(
    'preflight',
    `${folder} is on an overlay file system, where machines' disks cannot be`,
    {
      advice: `mount a disk (or, to try it out, a tmpfs) at ${dirname(STATE_ROOT)}`,
    },
  );
}
