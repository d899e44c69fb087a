import { spawnSync } from 'node:child_process';
import { MAIN } from '../../test/e2e/support/haup.ts';

const RUNS = 11;

/** `haup --help` and a Node that does nothing, in turn: milliseconds. */
export function startup(): { help: number[]; node: number[] } {
  const help: number[] = [];
  const node: number[] = [];
  timed([MAIN, '--help']); // both are in the page cache from here on
  for (let run = 0; run < RUNS; run++) {
    node.push(timed(['-e', '0']));
    help.push(timed([MAIN, '--help']));
  }
  return { help, node };
}

function timed(args: readonly string[]): number {
  const began = performance.now();
  const { status } = spawnSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}`);
  return performance.now() - began;
}
