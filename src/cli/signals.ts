import { keepChildrenFromTerminal } from '../util/exec.ts';
import { ignoredAtStart } from '../util/ignored-signals.ts';
import type { Variables } from '../util/variables.ts';
import { Interrupted } from './errors.ts';
import { INTERRUPTED } from './exit.ts';

/**
 * The first signal asks the engine to stop where it can be resumed from; a second one ends the process at once. One that
 * was ignored when haup was started (nohup: SIGHUP; a script's background job: SIGINT) stays ignored.
 */
export function abortOnSignals(variables: Variables): AbortSignal {
  const controller = new AbortController();
  const ignored = ignoredAtStart(variables);
  if (ignored.has('SIGHUP') || ignored.has('SIGINT')) keepChildrenFromTerminal();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (ignored.has(name)) return;
      if (controller.signal.aborted) process.exit(INTERRUPTED);
      controller.abort(new Interrupted(name));
    });
  }
  return controller.signal;
}
