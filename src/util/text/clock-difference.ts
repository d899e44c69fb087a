/** Certificates are valid from five minutes before they are made: a clock further back refuses them. */
export const APART_SECONDS = 180;

/** "its clock is 4 min behind the operator's"; null: it agrees well enough. */
export function wrongClock(aheadSeconds: number): string | null {
  if (Math.abs(aheadSeconds) < APART_SECONDS) return null;
  return `its clock is ${clockDifference(aheadSeconds)} the operator's`;
}

/** What a machine's clock may be wrong by before its word about when something was is not believed. */
const BELIEVED_MS = 10 * 60_000;

/**
 * Whether a moment (RFC 3339) is of a future that only a wrong clock can have told of; one that is no moment is believed no more. `now` in
 * milliseconds since the epoch.
 */
export function isAhead(moment: string, now: number): boolean {
  return !(Date.parse(moment) <= now + BELIEVED_MS);
}

/** "2 h 5 min ahead of", "4 min behind": as it goes before "the operator's". */
export function clockDifference(seconds: number): string {
  const minutes = Math.round(Math.abs(seconds) / 60);
  const text = minutes >= 120 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${minutes} min`;
  return `${text} ${seconds > 0 ? 'ahead of' : 'behind'}`;
}
