import type { AvailabilityReport } from '../../lb/availability.ts';
import { elapsed } from './time.ts';
import { figure } from './words.ts';

/** One line: what clients of the API address would have noticed. */
export function describeAvailability({
  during,
  seconds,
  probes,
  watchReconnects,
}: AvailabilityReport): string {
  const requests = probes.reduce((sum, probe) => sum + probe.requests, 0);
  const failures = probes.reduce((sum, probe) => sum + probe.failures, 0);
  const gap = Math.max(0, ...probes.map((probe) => probe.longestGapSeconds));
  const slowest = Math.max(0, ...probes.map((probe) => probe.slowestSeconds));
  const each = probes.map((probe) => `${probe.kind} ${probe.failures}/${probe.requests}`).join(', ');
  const watch = watchReconnects === 0 ? '' : `; the watch was opened again ${times(watchReconnects)}`;
  return `${during}: ${failures} of ${requests} requests failed in ${elapsed(seconds)} (${each}); longest gap ${figure(gap)} s, slowest ${figure(slowest)} s${watch}`;
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}
