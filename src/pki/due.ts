/** A certificate is renewed when less than this part of its life is left. */
const LAST_PART = 1 / 3;

/** Whether it is time to renew what is good from `begins` to `ends`; it has ended, or will soon. All in milliseconds since the epoch. */
export function isDue(begins: number, ends: number, now: number): boolean {
  return ends - now < (ends - begins) * LAST_PART;
}
