import type { HaupEvent } from '../../../cluster/loop/events.ts';

/** Shows the engine's events on standard error while it works. */
export interface Display {
  emit(event: HaupEvent): void;
  /** Ends what moves and leaves the end result; a later event begins anew. */
  settle(): void;
}
