import { execFileSync } from 'node:child_process';
import { quiet } from './machine.ts';

const SCRIPT = new URL('floor.sh', import.meta.url).pathname;
/** Overlay disks need a file system that is none itself. */
const RUN = '/var/lib/haup-bench/run';

/** Milliseconds of the script's two parts: the first machine to readiness; two more, grown to three voters, all ready. */
export async function runFloor(seed: string): Promise<{ one: number; three: number }> {
  removeFloor();
  floor('prepare', seed, RUN);
  try {
    const one = timed('one', seed, RUN);
    await quiet();
    const three = timed('three', seed, RUN);
    return { one, three };
  } finally {
    removeFloor();
  }
}

/** Also what a run that crashed has left. */
export function removeFloor(): void {
  floor('down', RUN);
}

function timed(...args: string[]): number {
  const began = performance.now();
  floor(...args);
  return performance.now() - began;
}

function floor(...args: string[]): void {
  execFileSync('/bin/sh', [SCRIPT, ...args], { stdio: ['ignore', 'inherit', 'inherit'], timeout: 180_000 });
}
