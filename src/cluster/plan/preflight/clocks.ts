import type { Observation } from '../../model/observation.ts';
import type { Preflight } from './preflight.ts';

/** Certificates are valid from five minutes before they are made: a clock further back refuses them. */
const APART_SECONDS = 180;

export const clocksAgree: Preflight = ({ observation }) => {
  const apart = clocksApart(observation);
  if (!apart) return undefined;
  return { message: apart, advice: 'set the clock that is wrong (timedatectl set-ntp true), then try again' };
};

/** Which clock is wrong, and by how much; null when all agree well enough. */
export function clocksApart({ machines }: Observation): string | null {
  const seen = machines.flatMap(({ name, inside }) =>
    inside ? [{ name, ahead: inside.clockAheadSeconds }] : [],
  );
  const wrong = seen.filter(({ ahead }) => Math.abs(ahead) >= APART_SECONDS);
  if (wrong.length === 0) return null;
  const spread = Math.max(...wrong.map((w) => w.ahead)) - Math.min(...wrong.map((w) => w.ahead));
  if (wrong.length === seen.length && spread < APART_SECONDS) {
    const behind = Math.round(wrong.reduce((sum, { ahead }) => sum + ahead, 0) / wrong.length);
    return seen.length === 1
      ? `the clock of ${wrong[0]!.name} is ${duration(behind)} the operator's`
      : `the operator's clock is ${duration(-behind)} the machines', which agree with each other`;
  }
  return wrong
    .map(({ name, ahead }) => `the clock of ${name} is ${duration(ahead)} the operator's`)
    .join('; ');
}

function duration(seconds: number): string {
  const minutes = Math.round(Math.abs(seconds) / 60);
  const text = minutes >= 120 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${minutes} min`;
  return `${text} ${seconds > 0 ? 'ahead of' : 'behind'}`;
}
