/** So long before they are made certificates begin: a machine's clock may be behind ours, before its time synchronization has run. */
export const BACKDATING_MS = 300_000;

/** A certificate is renewed when less than this part of its life is left. */
const LAST_PART = 1 / 3;

/** Whether it is time to renew what is good from `begins` to `ends`; it has ended, or will soon. All in milliseconds since the epoch. */
export function isDue(begins: number, ends: number, now: number): boolean {
  return ends - now < (ends - begins) * LAST_PART;
}
