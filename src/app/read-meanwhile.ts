import type { Emit } from '../cluster/loop/events.ts';
import type { RealWorld } from '../cluster/world/world.ts';
import { ask, openLoop } from '../drill/clients/load.ts';

/** Enough to see a gap of half a second, too few to be a load. */
const HZ = 5;
const ANSWER_MS = 5000;
const MOST_UNANSWERED = 50;

/**
 * Reads the API at its address while something else goes on, each time on a new connection and begun on time whatever became of the one
 * before. Begins once there is an address that has answered, as a new cluster has none at first.
 */
export function readMeanwhile(
  world: Pick<RealWorld, 'api' | 'spec'>,
  { emit, signal }: { readonly emit: Emit; readonly signal: AbortSignal },
): { stop(): Promise<void> } {
  /** When the first answer was there: what was asked before may have had nobody to answer it. */
  let since = Number.POSITIVE_INFINITY;

  const read = async (): Promise<void> => {
    const at = Date.now();
    const failed = await world
      .api()
      .then((api) => ask(api, { path: '/api/v1/namespaces/default', timeoutMs: ANSWER_MS }))
      .then(
        () => false,
        () => true,
      );
    if (!failed) since = Math.min(since, Date.now());
    // That a cluster which is being deleted does not answer is what was asked for.
    if (at >= since && !world.spec().deleting) emit({ type: 'read', at, ms: Date.now() - at, failed });
  };
  const loop = openLoop(HZ, read, { mostUnanswered: MOST_UNANSWERED });
  return {
    async stop() {
      const stopped = loop.stop();
      // Who is stopped does not wait for clients that are not answered.
      if (!signal.aborted) await stopped;
    },
  };
}
