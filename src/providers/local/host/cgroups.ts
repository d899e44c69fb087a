import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GiveUp, waitFor } from '../../../util/wait.ts';
import { ProviderError } from '../../errors.ts';
import { isMissing, readText } from './files.ts';

/**
 * A machine's processes are those of its control group (version 2, which hybrid hosts have as well). The group is also
 * how we know whether a machine runs: no process id is ever remembered, and none can be mistaken.
 */

/** Where the host has the cgroup2 hierarchy. Null when it has none. */
export async function cgroupRoot(): Promise<string | null> {
  for (const line of (await readFile('/proc/self/mounts', 'utf8')).split('\n')) {
    const [, path, type] = line.split(' ');
    if (type === 'cgroup2' && path) return path;
  }
  return null;
}

/** @throws ProviderError `preflight` */
export async function needCgroupRoot(): Promise<string> {
  const root = await cgroupRoot();
  if (root) return root;
  throw new ProviderError('preflight', 'this host has no cgroup2 hierarchy mounted', {
    advice: 'mkdir -p /sys/fs/cgroup/unified && mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified',
  });
}

/** True while any process is in the group or below it. */
export async function isPopulated(group: string): Promise<boolean> {
  return ((await readText(join(group, 'cgroup.events'))) ?? '').includes('populated 1');
}

/** Stops or continues every process of the group; resolves when the kernel says so. */
export async function setFrozen(group: string, frozen: boolean): Promise<void> {
  await writeFile(join(group, 'cgroup.freeze'), frozen ? '1' : '0');
  await waitFor(
    async () =>
      ((await readText(join(group, 'cgroup.events'))) ?? '').includes(`frozen ${frozen ? 1 : 0}`) ||
      undefined,
    {
      what: `${group} to ${frozen ? 'freeze' : 'thaw'}`,
      timeoutMs: 10_000,
      intervalMs: 2,
      maxIntervalMs: 20,
    },
  );
}

/**
 * Kills every process of the group, frozen or not, and deletes the group; resolves when both are gone. A process that
 * joins meanwhile (a crash left it on its way) is killed as well. The group may be missing.
 */
export async function endGroup(group: string): Promise<void> {
  await waitFor(
    async () => {
      if (await isPopulated(group)) await killOnce(group);
      if (await isPopulated(group)) return undefined;
      return (await removeTree(group)) || undefined;
    },
    { what: `the processes of ${group} to end`, timeoutMs: 30_000, intervalMs: 2, maxIntervalMs: 50 },
  );
}

/** False while the kernel keeps a group busy, as it does for a moment after its last process. */
async function removeTree(group: string): Promise<boolean> {
  try {
    for (const child of await childGroups(group)) {
      if (!(await removeTree(join(group, child)))) return false;
    }
    await rmdir(group);
    return true;
  } catch (error) {
    if (isMissing(error)) return true;
    if ((error as NodeJS.ErrnoException).code === 'EBUSY') return false;
    throw new GiveUp(error);
  }
}

export async function makeGroup(group: string): Promise<void> {
  await mkdir(group, { recursive: true });
}

/** Writes `settings` into the files of a group, in order; first has `root` hand on the controllers that they belong to. */
export async function setUp(
  group: string,
  settings: readonly (readonly [file: string, value: string])[],
  root?: string,
): Promise<void> {
  if (root !== undefined) await handOn(root);
  // r+: a missing file is a missing controller and must not be made.
  for (const [file, value] of settings) await writeFile(join(group, file), value, { flag: 'r+' });
}

/** Has the groups below get every controller that this one has. One that cannot be handed on is left out. */
async function handOn(group: string): Promise<void> {
  const controllers = (await readFile(join(group, 'cgroup.controllers'), 'utf8')).trim().split(/\s+/);
  for (const controller of controllers) {
    await writeFile(join(group, 'cgroup.subtree_control'), `+${controller}`, { flag: 'r+' }).catch(() => {});
  }
}

async function childGroups(group: string): Promise<string[]> {
  const entries = await readdir(group, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}

async function killOnce(group: string): Promise<void> {
  try {
    // r+: opening must not create a file where the kernel is too old to have this one (5.14).
    await writeFile(join(group, 'cgroup.kill'), '1', { flag: 'r+' });
  } catch (error) {
    if (!isMissing(error)) throw error;
    await killOneByOne(group);
  }
}

async function killOneByOne(group: string): Promise<void> {
  try {
    for (const child of await childGroups(group)) await killOneByOne(join(group, child));
    const pids = (await readText(join(group, 'cgroup.procs'))) ?? '';
    for (const pid of pids.split('\n').filter(Boolean)) process.kill(Number(pid), 'SIGKILL');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (!isMissing(error) && code !== 'ESRCH') throw error;
  }
}
