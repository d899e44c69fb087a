import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { hostname, uptime, userInfo } from 'node:os';
import { z } from 'zod';
import { hasCode } from '../util/host/os-error.ts';

/**
 * Which process on which machine since which boot. Fields that the system does not tell (no /proc) are null and are
 * left out of the judgement.
 */
export const processSchema = z.object({
  pid: z.number().int().positive(),
  /** /proc/PID/stat, field 22: ticks since boot. Tells a process from a later one with the same number. */
  startTime: z.string().nullable(),
  /** Process numbers mean nothing in another container. */
  pidNamespace: z.string().nullable(),
  bootId: z.string().nullable(),
  host: z.string(),
  machineId: z.string().nullable(),
  user: z.string(),
});

export type ProcessIdentity = z.infer<typeof processSchema>;

export function thisProcess(): ProcessIdentity {
  return {
    pid: process.pid,
    startTime: processState(process.pid)?.startTime ?? null,
    pidNamespace: orNull(() => readlinkSync('/proc/self/ns/pid')),
    bootId: orNull(bootId),
    host: hostname(),
    machineId: orNull(() => readFileSync('/etc/machine-id', 'utf8').trim() || null),
    user: orNull(() => userInfo().username) ?? String(process.getuid?.() ?? 'unknown'),
  };
}

/** What is known of a process that wrote down its identity. */
export interface Sighting {
  readonly process: ProcessIdentity;
  /** When it last renewed what it wrote: milliseconds since the epoch. */
  readonly renewedAt: number;
  /** What it wrote is on a disk that one kernel alone has at a time. */
  readonly ownDisk: boolean;
}

/**
 * Whether it still lives. Dead only with a proof: this kernel has no such process any more; or it was of an earlier boot of
 * this machine, on a disk of its own. Host names and machine ids prove nothing, for machines that were cloned share them: on
 * a shared folder another boot may be another machine. `unknown` is never to be taken for dead.
 */
export function lifeOf(seen: Sighting, me = thisProcess()): 'alive' | 'dead' | 'unknown' {
  const other = seen.process;
  if (other.host !== me.host || differ(other.machineId, me.machineId)) return 'unknown';
  if (other.bootId === null || other.bootId !== me.bootId)
    return seen.ownDisk && seen.renewedAt < bootTime() ? 'dead' : 'unknown';
  if (differ(other.pidNamespace, me.pidNamespace)) return 'unknown';
  try {
    process.kill(other.pid, 0);
  } catch (error) {
    if (hasCode(error, 'ESRCH')) return 'dead';
    // EPERM: it is another user's, and may be hidden from us in /proc
  }
  const state = processState(other.pid);
  if (state === null) return 'alive';
  if (state.zombie || differ(other.startTime, state.startTime)) return 'dead';
  return 'alive';
}

/** statfs(2): ext, XFS, Btrfs, F2FS, ZFS, bcachefs, JFS, tmpfs, overlay, FAT, exFAT, NTFS. Network and FUSE disks are not here. */
const ownDisks = new Set([
  0xef53, 0x58465342, 0x9123683e, 0xf2f52010, 0x2fc12fc1, 0xca451a4e, 0x3153464a, 0x01021994, 0x794c7630,
  0x4d44, 0x2011bab0, 0x7366746e, 0x5346544e,
]);

/** Is the folder on a disk that one kernel alone has at a time? False where that is not known. */
export async function isOwnDisk(folder: string): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  return statfs(folder).then(
    ({ type }) => ownDisks.has(type >>> 0),
    () => false,
  );
}

/** When this machine started, a little early rather than late: milliseconds since the epoch. */
export function bootTime(): number {
  return Date.now() - uptime() * 1000 - 5000;
}

/** Random, and new at each boot of a kernel. */
function bootId(): string {
  if (process.platform === 'darwin')
    return execFileSync('sysctl', ['-n', 'kern.bootsessionuuid'], { encoding: 'utf8' }).trim();
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

function processState(pid: number): { startTime: string; zombie: boolean } | null {
  const stat = orNull(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  if (stat === null) return null;
  // proc_pid_stat(5): the name, field 2, is in parentheses and may itself hold spaces and parentheses
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { startTime: fields[22 - 3]!, zombie: fields[0] === 'Z' || fields[0] === 'X' };
}

function differ(a: string | null, b: string | null): boolean {
  return a !== null && b !== null && a !== b;
}

function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
