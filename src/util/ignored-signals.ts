import { constants } from 'node:os';
import type { Variables } from './variables.ts';

/**
 * The signals that were ignored when haup was started. Node gives every signal its default at its own start, before any of our
 * code runs, so scripts/haup looks before that and hands on SigIgn of /proc/PID/status, a mask in hexadecimal.
 */
export function ignoredAtStart(env: Variables): ReadonlySet<NodeJS.Signals> {
  const text = env.HAUP_IGNORED_SIGNALS ?? '';
  const mask = /^[0-9a-f]{1,16}$/i.test(text) ? BigInt(`0x${text}`) : 0n;
  const names = Object.entries(constants.signals) as [NodeJS.Signals, number][];
  return new Set(names.filter(([, number]) => mask & (1n << BigInt(number - 1))).map(([name]) => name));
}
