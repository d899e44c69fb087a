import { readdirSync, readFileSync } from 'node:fs';
import { exec } from '../../src/util/exec.ts';

/** What a guard holds, and what this host holds of the cluster. */
export interface Held {
  readonly residentMiB: number;
  readonly files: number;
  readonly namespaces: number;
  readonly mounts: number;
}

/** `key`: what the local provider's things of the cluster are called by. */
export async function held(pid: number, key: string): Promise<Held> {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return {
    residentMiB: Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1024),
    files: readdirSync(`/proc/${pid}/fd`).length,
    ...(await onHost(key)),
  };
}

export async function onHost(key: string): Promise<Pick<Held, 'namespaces' | 'mounts'>> {
  const names = await exec('ip', ['netns', 'list']);
  const count = (text: string): number => text.split('\n').filter((line) => line.includes(key)).length;
  return { namespaces: count(names), mounts: count(readFileSync('/proc/self/mountinfo', 'utf8')) };
}

/** A guard that has warmed up may grow by so much, however long it goes on. */
const MOST_MIB = 100;
const MOST_FILES = 20;

/** What has grown from when a guard had warmed up to the end, in sentences; empty: nothing. */
export function leaks(all: readonly Held[]): string[] {
  const warm = all[Math.min(2, all.length - 1)];
  const last = all.at(-1);
  if (!warm || !last) return [];
  const found: string[] = [];
  if (last.residentMiB > warm.residentMiB + MOST_MIB)
    found.push(`the guard's memory grew from ${warm.residentMiB} to ${last.residentMiB} MiB`);
  if (last.files > warm.files + MOST_FILES)
    found.push(`the guard's open files grew from ${warm.files} to ${last.files}`);
  for (const what of ['namespaces', 'mounts'] as const)
    if (last[what] > warm[what])
      found.push(`${what} of the cluster grew from ${warm[what]} to ${last[what]}`);
  return found;
}
