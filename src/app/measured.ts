import type { Emit } from '../cluster/loop/events.ts';
import type { AvailabilityReport } from '../lb/availability.ts';
import type { Outcome } from './engine.ts';
import type { ChangeOutcome } from './operations.ts';

/** The outcome of `work`, with all that was measured meanwhile: whoever moves the address says so in an event. */
export async function measured(emit: Emit, work: (emit: Emit) => Promise<ChangeOutcome>): Promise<Outcome> {
  const availability: AvailabilityReport[] = [];
  const outcome = await work((event) => {
    if (event.type === 'availability') availability.push(event.report);
    emit(event);
  });
  return { ...outcome, availability };
}
