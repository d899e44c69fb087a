import type { Inside } from '../../../replicas/revision/inspect.ts';
import { APART_SECONDS, clockDifference } from '../../../util/text/clock-difference.ts';
import type { SeenMachine } from '../../model/machine.ts';
import type { Preflight } from './preflight.ts';

export const CLOCK_ADVICE = 'set the clock that is wrong (timedatectl set-ntp true), then try again';

export const clocksAgree: Preflight = ({ observation }) => {
  const apart = clocksApart(observation.machines);
  if (!apart) return undefined;
  return { message: apart, advice: CLOCK_ADVICE };
};

/** Which clock is wrong, and by how much; null when all that could be read agree well enough. */
export function clocksApart(
  machines: readonly SeenMachine<Pick<Inside, 'clockAheadSeconds'>>[],
): string | null {
  const seen = machines.flatMap(({ name, inside }) =>
    inside ? [{ name, ahead: inside.clockAheadSeconds }] : [],
  );
  const wrong = seen.filter(({ ahead }) => Math.abs(ahead) >= APART_SECONDS);
  if (wrong.length === 0) return null;
  const spread = Math.max(...wrong.map((w) => w.ahead)) - Math.min(...wrong.map((w) => w.ahead));
  if (wrong.length === seen.length && spread < APART_SECONDS) {
    const behind = Math.round(wrong.reduce((sum, { ahead }) => sum + ahead, 0) / wrong.length);
    return seen.length === 1
      ? `the clock of ${wrong[0]!.name} is ${clockDifference(behind)} the operator's`
      : `the operator's clock is ${clockDifference(-behind)} the machines', which agree with each other`;
  }
  return wrong
    .map(({ name, ahead }) => `the clock of ${name} is ${clockDifference(ahead)} the operator's`)
    .join('; ');
}
