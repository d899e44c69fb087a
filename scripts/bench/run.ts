import { readFileSync } from 'node:fs';
import { type Ended, events, startHaup } from '../../test/e2e/support/haup.ts';

/** One run of haup, as the bench sees it. */
export interface Run {
  readonly ms: number;
  /** Largest resident size of haup's own process, bytes (VmHWM). */
  readonly peakBytes: number;
  /** Steps that were finished, and commands over SSH. */
  readonly cost: { readonly steps: number; readonly commands: number };
  readonly ended: Ended;
}

const LOOK_MS = 50;

/** Runs haup, which must succeed, and looks at its memory all the while: the kernel forgets it with the process. */
export async function run(...args: string[]): Promise<Run> {
  const began = performance.now();
  const { child, ended } = startHaup([...args, '--log-format', 'json']);
  let peakBytes = 0;
  const look = (): void => {
    peakBytes = Math.max(peakBytes, peakOf(child.pid!));
  };
  const timer = setInterval(look, LOOK_MS);
  const result = await ended.finally(() => clearInterval(timer));
  const ms = performance.now() - began;
  if (result.code !== 0)
    throw new Error(`haup ${args.join(' ')} ended with ${result.code}:\n${result.stderr}`);
  const cost = events(result).findLast((event) => event.type === 'cost') as unknown as Run['cost'];
  return { ms, peakBytes, cost: { steps: cost.steps, commands: cost.commands }, ended: result };
}

function peakOf(pid: number): number {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kilobytes ?? 0) * 1024;
  } catch {
    return 0; // it has just ended
  }
}
