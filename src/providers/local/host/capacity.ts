import { readdir, readFile, readlink, realpath, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ProviderError } from '../../errors.ts';
import { STATE_ROOT } from '../paths.ts';
import { exists, readText } from './files.ts';

/** What this host has to have for `machines` more machines, besides programs. */
export interface Capacity {
  /** The folders below which programs lie that machines run, and /proc/self/mountinfo. */
  readonly programs: string;
  readonly mounts: string;
  /** inotify instances of root: as many as there may be, and how many there are. */
  readonly inotify: { readonly limit: number; readonly used: number };
  /** Bytes. */
  readonly memory: number;
  /** Bytes, where machines' disks are. */
  readonly disk: number;
}

/** Seen of a master with etcd and an API server: 6 instances, 0.5 GB of memory; 0.3 GB of disk in its first hour. */
const NEEDED = { inotify: 8, memory: 512 * 2 ** 20, disk: 512 * 2 ** 20 } as const;

/** @throws ProviderError `preflight` that names what there is too little of and what mends it */
export function checkCapacity(capacity: Capacity, machines: number): void {
  const { programs, inotify, memory, disk } = capacity;
  const mount = mountOf(capacity.mounts, programs);
  if (mount?.options.includes('noexec')) {
    throw lacking(
      `${programs} is on ${mount.path}, which is mounted noexec: no program from there runs in a machine`,
      `mount -o remount,exec ${mount.path}, or name another folder in HAUP_CACHE`,
    );
  }
  const free = inotify.limit - inotify.used;
  if (free < machines * NEEDED.inotify) {
    throw lacking(
      `root has ${inotify.used} of ${inotify.limit} inotify instances in use: too few are left for ${counted(machines)}`,
      `sysctl fs.inotify.max_user_instances=${Math.max(1024, inotify.limit * 2)}`,
    );
  }
  if (memory < machines * NEEDED.memory) {
    throw lacking(
      `${megabytes(memory)} of memory are free: ${counted(machines)} ${needs(machines)} ${megabytes(machines * NEEDED.memory)}`,
      'ask for fewer machines, or end something else on this host',
    );
  }
  if (disk < machines * NEEDED.disk) {
    throw lacking(
      `${megabytes(disk)} are free in ${STATE_ROOT}: ${counted(machines)} ${needs(machines)} ${megabytes(machines * NEEDED.disk)}`,
      `make room there, or mount a larger disk at ${dirname(STATE_ROOT)}`,
    );
  }
}

/** The host's, as it is now. `programs` need not exist yet. */
export async function capacityOf(programs: string): Promise<Capacity> {
  const [memory, limit] = await Promise.all([
    readFile('/proc/meminfo', 'utf8'),
    readText('/proc/sys/fs/inotify/max_user_instances'),
  ]);
  const { bavail, bsize } = await statfs(await existing(STATE_ROOT));
  return {
    programs: await realpath(await existing(programs)),
    mounts: await readFile('/proc/self/mountinfo', 'utf8'),
    inotify: { limit: Number(limit ?? Number.POSITIVE_INFINITY), used: await inotifyInstances() },
    memory: Number(/^MemAvailable:\s+(\d+) kB$/m.exec(memory)?.[1] ?? Number.POSITIVE_INFINITY) * 1024,
    disk: bavail * bsize,
  };
}

/** The mount that a path is on: the last of those with the longest path above it. */
export function mountOf(mountinfo: string, path: string): { path: string; options: string[] } | null {
  let found: { path: string; options: string[] } | null = null;
  for (const line of mountinfo.split('\n')) {
    const [, , , , escaped, options] = line.split(' ');
    if (!escaped || !options) continue;
    const at = escaped.replace(/\\([0-7]{3})/g, (_, code) => String.fromCharCode(Number.parseInt(code, 8)));
    const above = at === '/' || path === at || path.startsWith(`${at}/`);
    if (above && at.length >= (found?.path.length ?? 0)) found = { path: at, options: options.split(',') };
  }
  return found;
}

/**
 * Root's inotify instances: each user of the host may have as many, and others' are no concern of ours. Those of machines, and of other
 * containers that root has made, count as root's too: who made their user namespace answers for it.
 * @param proc where /proc is.
 */
export async function inotifyInstances(proc = '/proc'): Promise<number> {
  const pids = (await readdir(proc)).filter((name) => /^\d+$/.test(name));
  const counts = await Promise.all(pids.map((pid) => inotifyOf(join(proc, pid))));
  return counts.reduce((sum, count) => sum + count, 0);
}

async function inotifyOf(process: string): Promise<number> {
  const folder = join(process, 'fd');
  try {
    const [status, map] = await Promise.all(
      ['status', 'uid_map'].map((file) => readFile(join(process, file), 'utf8')),
    );
    if (!isRoots(status!, map!)) return 0;
    const links = (await readdir(folder)).map((fd) => readlink(join(folder, fd)).catch(() => ''));
    return (await Promise.all(links)).filter((target) => target === 'anon_inode:inotify').length;
  } catch {
    return 0; // it has ended
  }
}

/** Of the host's own people and services; above them are those of containers. */
const ORDINARY = 65_536;
/** What the map of a process has that is in no user namespace of its own. */
const ALL_USERS = 4_294_967_295;

/** By its effective user, to whom the kernel reckons what it makes; in a user namespace by whoever its root is: an ordinary user has made that himself. */
function isRoots(status: string, map: string): boolean {
  const [root = 0, count = ALL_USERS] = (/^\s*0\s+(\d+)\s+(\d+)/.exec(map) ?? []).slice(1).map(Number);
  if (count < ALL_USERS) return root === 0 || root >= ORDINARY;
  return Number(/^Uid:\s+\d+\s+(\d+)/m.exec(status)?.[1]) === 0;
}

async function existing(path: string): Promise<string> {
  let folder = path;
  while (!(await exists(folder))) folder = dirname(folder);
  return folder;
}

function lacking(message: string, advice: string): ProviderError {
  return new ProviderError('preflight', message, { advice });
}

function counted(machines: number): string {
  return machines === 1 ? 'a machine' : `${machines} machines`;
}

function needs(machines: number): string {
  return machines === 1 ? 'needs' : 'need';
}

function megabytes(bytes: number): string {
  return `${Math.floor(bytes / 2 ** 20)} MiB`;
}
