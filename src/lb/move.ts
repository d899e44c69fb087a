import { type ApiClient, isReady } from '../kubernetes/client.ts';
import { systemClock } from '../util/clock.ts';
import { waitFor } from '../util/wait.ts';
import type { AvailabilityReport } from './availability.ts';
import { startProbe } from './probe.ts';

/** Rounds of the probe that are answered before the move, so that it has something to compare with, and by the new holder. */
const ROUNDS_BEFORE = 1;
const ROUNDS_AFTER = 3;
/** What is not answered by then is met by the figures: the move must not be held up by what it may put right. */
const PATIENCE_MS = 300;
/** After a failed move: who has got the address a moment ago may answer only now. Meanwhile nobody else does. */
const LAST_LOOK_MS = 5_000;

export interface Move {
  /** As {@link AvailabilityReport}'s; null when nobody holds the address yet, so that there is no client to notice. */
  readonly during: string | null;
  /** The API at the address that moves. */
  readonly api: ApiClient;
  handOver(): Promise<void>;
  /** Gives the address back to who had it; null when nobody did or it serves no more. */
  readonly handBack: (() => Promise<void>) | null;
  /** Nobody answers at the address, wherever it is, while no API server serves: then there is nothing to wait for. */
  readonly somebodyServes: boolean;
  /** How long the cloud may take until the new holder answers at the address; being slow within it is no failure. */
  readonly patienceMs: number;
  readonly progress: (message: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Moves the API address under the eyes of a probe. The new holder was proven to serve before; it must also answer at the
 * address itself, or the address goes back. It is not taken from a holder that answers: what has failed beside or after the move
 * is the next run's to finish, and no reason to cut off every client once more.
 * @returns what clients would have noticed; null where there were none.
 */
export async function moveAddress(move: Move): Promise<AvailabilityReport | null> {
  const probe = move.during === null ? null : startProbe(move.api, move.during);
  try {
    if (probe) await Promise.race([probe.answered(0, ROUNDS_BEFORE), systemClock.sleep(PATIENCE_MS)]);
    move.progress('moving the address');
    await move.handOver();
    if (move.somebodyServes) {
      move.progress('waiting for the API server to answer at the address');
      await answers(move, move.patienceMs);
    }
    await probe?.answered(probe.begun, ROUNDS_AFTER);
  } catch (error) {
    await probe?.stop();
    if (move.handBack && !(await somebodyAnswers(move)) && !move.signal?.aborted) {
      move.progress('the new holder does not answer: moving the address back');
      // What went wrong first is what an operator has to know.
      await move
        .handBack()
        .then(() => answers(move, move.patienceMs))
        .catch(() => {});
    }
    throw error;
  }
  return probe ? probe.stop() : null;
}

function somebodyAnswers(move: Move): Promise<boolean> {
  return answers(move, Math.min(LAST_LOOK_MS, move.patienceMs)).catch(() => false);
}

function answers(move: Move, timeoutMs: number): Promise<boolean> {
  return waitFor(() => isReady(move.api), {
    what: `the API server to answer at ${move.api.ip}:${move.api.port}`,
    timeoutMs,
    intervalMs: 50,
    signal: move.signal,
  });
}
