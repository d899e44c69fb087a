import { readFileSync, readlinkSync } from 'node:fs';
import { hostname, uptime, userInfo } from 'node:os';
import { z } from 'zod';
import { hasCode } from './errors.ts';

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
    bootId: orNull(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    host: hostname(),
    machineId: orNull(() => readFileSync('/etc/machine-id', 'utf8').trim() || null),
    user: orNull(() => userInfo().username) ?? String(process.getuid?.() ?? 'unknown'),
  };
}

/**
 * Whether a process that wrote down its identity at `since` (milliseconds since the epoch) still lives. `unknown` when
 * it cannot be seen from here: on another machine (a shared store) or in another container.
 */
export function lifeOf(
  other: ProcessIdentity,
  since: number,
  me = thisProcess(),
): 'alive' | 'dead' | 'unknown' {
  if (other.host !== me.host || differ(other.machineId, me.machineId)) return 'unknown';
  if (differ(other.bootId, me.bootId) || (other.bootId === null && since < bootTime())) return 'dead';
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

/** When this machine started, a little early rather than late: milliseconds since the epoch. */
export function bootTime(): number {
  return Date.now() - uptime() * 1000 - 5000;
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
