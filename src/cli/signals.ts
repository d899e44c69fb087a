import { Interrupted } from './errors.ts';
import { INTERRUPTED } from './exit.ts';

/** The first signal asks the engine to stop where it can be resumed from; a second one ends the process at once. */
export function abortOnSignals(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(INTERRUPTED);
      controller.abort(new Interrupted(name));
    });
  }
  return controller.signal;
}
