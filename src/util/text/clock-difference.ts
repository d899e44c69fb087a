/** Certificates are valid from five minutes before they are made: a clock further back refuses them. */
export const APART_SECONDS = 180;

/** "its clock is 4 min behind the operator's"; null: it agrees well enough. */
export function wrongClock(aheadSeconds: number): string | null {
  if (Math.abs(aheadSeconds) < APART_SECONDS) return null;
  return `its clock is ${clockDifference(aheadSeconds)} the operator's`;
}

/** "2 h 5 min ahead of", "4 min behind": as it goes before "the operator's". */
export function clockDifference(seconds: number): string {
  const minutes = Math.round(Math.abs(seconds) / 60);
  const text = minutes >= 120 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${minutes} min`;
  return `${text} ${seconds > 0 ? 'ahead of' : 'behind'}`;
}
