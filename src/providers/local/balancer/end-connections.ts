import { systemClock } from '../../../util/clock.ts';
import { type Connection, clientConnections, endConnection } from './runtime.ts';

/** What still flows after this long is cut. */
const PATIENCE_MS = 2_000;
/** Two looks in a row without a byte: a client that asks again every 50 ms is met between two requests. */
const LOOK_MS = 15;
const LOOKS = 2;

/**
 * Ends the connections that clients still have through a balancer that leaves, each at a moment when nothing goes through
 * it: an answer in progress is not cut, and a client that keeps its connection alive finds it closed before it asks again.
 * For a balancer that gets no new connections. One that does not answer has nobody to see off.
 */
export async function endClientConnections(socket: string, signal: AbortSignal): Promise<void> {
  const deadline = systemClock.now() + PATIENCE_MS;
  let before = new Map<string, { readonly passed: string; readonly still: number }>();
  while (systemClock.now() < deadline) {
    const open = await clientConnections(socket).catch((): Connection[] => []);
    if (open.length === 0) return;
    const now: typeof before = new Map();
    for (const { id, passed, pending } of open) {
      const last = before.get(id);
      const still = !pending && last?.passed === passed ? last.still + 1 : 0;
      now.set(id, { passed, still });
      if (still >= LOOKS) await endConnection(socket, id).catch(() => {});
    }
    before = now;
    await systemClock.sleep(LOOK_MS, signal);
  }
}
