import { type Ended, events, startHaup } from './haup.ts';

/** One run of haup that was killed, or that came to its end. Moments are of `performance.now()`. */
export interface Leg {
  readonly began: number;
  readonly ended: number;
  /** SIGKILL met it; otherwise it had ended by itself. */
  readonly killed: boolean;
  readonly result: Ended;
  /** Steps that had begun and not ended when it was killed. */
  readonly cutOff: readonly string[];
}

/** Runs haup and kills it the moment that `steps` of its steps have finished. */
export function killedAfterSteps(
  args: readonly string[],
  steps = 1,
  env: Readonly<Record<string, string>> = {},
): Promise<Leg> {
  // Written so that there is only one way to match: with others it would try them all.
  const finished = '(?:(?!"step-finished")[^])*"step-finished"';
  return leg(args, (run) => run.shows(new RegExp(`^(?:${finished}){${steps}}`)), env);
}

/** Runs haup and kills it so many milliseconds after it has said what it is going to do. */
export function killedAfter(args: readonly string[], milliseconds: number): Promise<Leg> {
  return leg(args, async (run) => {
    await run.shows('"plan"');
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
  });
}

/** Runs haup, and nobody kills it. */
export function unharmed(args: readonly string[]): Promise<Leg> {
  return leg(args, async (run) => {
    await run.ended;
  });
}

async function leg(
  args: readonly string[],
  moment: (run: ReturnType<typeof startHaup>) => Promise<void>,
  env: Readonly<Record<string, string>> = {},
): Promise<Leg> {
  const began = performance.now();
  const run = startHaup([...args, '--log-format', 'json'], { env });
  await moment(run);
  run.child.kill('SIGKILL');
  const result = await run.ended;
  const open = new Set<string>();
  for (const { type, step } of events(result)) {
    if (type === 'step-started') open.add(JSON.stringify(step));
    if (type === 'step-finished' || type === 'step-failed') open.delete(JSON.stringify(step));
  }
  return {
    began,
    ended: performance.now(),
    killed: result.signal === 'SIGKILL',
    result,
    cutOff: [...open],
  };
}
