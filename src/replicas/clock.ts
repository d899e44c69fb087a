import type { Session } from '../ssh/session.ts';
import { wrongClock } from '../util/text/clock-difference.ts';

/** Milliseconds since the epoch, by the operator's clock: when the question went out, and when the answer was here. */
export interface Exchange {
  readonly sent: number;
  readonly received: number;
}

/**
 * How far a machine's clock is ahead of the operator's, whole seconds. Its first look at its clock (ms) was after the question went out, the
 * last before the answer was here: within these bounds nothing is known of a difference, and it is 0.
 */
export function aheadSeconds(began: number, ended: number, { sent, received }: Exchange): number {
  const [least, most] = [ended - received, began - sent];
  if (least <= 0 && most >= 0) return 0;
  // Never -0.
  return Math.round((least > 0 ? least : most) / 1000) || 0;
}

/** `date +%s`, which has whole seconds: a machine that says 7 may be at 7.999. Null: that is no time. */
export function aheadBySeconds(said: string, exchange: Exchange): number | null {
  if (!/^\d{1,12}$/.test(said.trim())) return null;
  const second = 1000 * Number(said);
  return aheadSeconds(second + 999, second, exchange);
}

/**
 * What may be said of a machine on which something has failed: that its clock is wrong, or that nobody knows. Null: it agrees well enough.
 */
export async function clockTrouble(session: Session): Promise<string | null> {
  const sent = Date.now();
  const said = await session.exec('date +%s', { what: 'read its clock', timeoutMs: 5_000 }).catch(() => null);
  const ahead = said && aheadBySeconds(said.stdout, { sent, received: Date.now() });
  return ahead === null ? 'its clock could not be read' : wrongClock(ahead);
}
