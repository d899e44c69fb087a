import type { DrillLog, Moment } from '../log.ts';
import { type Axis, round } from './axis.ts';
import { text } from './html.ts';

export const BAND_HEIGHT = 22;

interface Told {
  readonly words: string;
  /** A class of style.ts. */
  readonly colour: string;
}

interface Stretch extends Told {
  readonly from: number;
  readonly until: number;
}

/** Who led etcd: a colour for each replica. */
export function leaderBand(axis: Axis, top: number, log: DrillLog): string {
  const parts = stretches(log, ({ etcd, leader }) => {
    if (etcd === 'unseen') return { words: 'not seen', colour: 'unseen' };
    if (leader === null)
      return { words: etcd === 'led' ? 'led' : 'no leader', colour: etcd === 'led' ? 'fair' : 'none' };
    return { words: leader, colour: `replica-${log.replicas.findIndex(({ name }) => name === leader) % 6}` };
  });
  return band(axis, top, 'etcd led by', parts);
}

/** How many voters followed the leader: all, a quorum, or too few. */
export function quorumBand(axis: Axis, top: number, log: DrillLog): string {
  const voters = log.replicas.length;
  const parts = stretches(log, ({ etcd, following }) => {
    if (etcd === 'unseen') return { words: 'not seen', colour: 'unseen' };
    const colour = following === voters ? 'good' : following * 2 > voters ? 'fair' : 'none';
    return { words: `${following} of ${voters}`, colour };
  });
  return band(axis, top, 'voters', parts);
}

/** Who had the API address. */
export function holderBand(axis: Axis, top: number, log: DrillLog): string {
  const parts = stretches(log, ({ holder }) => {
    if (holder === null) return { words: 'not seen', colour: 'unseen' };
    const colour = holder === 'balancer' ? 'balancer' : holder === 'nobody' ? 'none' : 'fair';
    return { words: holder, colour };
  });
  return band(axis, top, 'address held by', parts);
}

function band(axis: Axis, top: number, title: string, parts: readonly Stretch[]): string {
  const shapes = parts.map(({ from, until, words, colour }) => {
    const [left, right] = [axis.x(from), axis.x(until)];
    const width = round(Math.max(1, right - left));
    const fits = width > words.length * 6.4 + 8;
    const caption = fits
      ? `<text x="${round(left + width / 2)}" y="${top + 15}" text-anchor="middle">${text(words)}</text>`
      : '';
    return `<g class="band ${colour}"><title>${text(words)}</title><rect x="${left}" y="${top}" width="${width}" height="${BAND_HEIGHT}"/>${caption}</g>`;
  });
  return `<text class="label" x="0" y="${top + 15}">${text(title)}</text>${shapes.join('')}`;
}

/** Moments that say the same are one. Before the first nothing is known. */
function stretches(log: DrillLog, tell: (moment: Moment) => Told): readonly Stretch[] {
  const parts: Stretch[] = [];
  for (const [index, moment] of log.moments.entries()) {
    const until = Math.min(log.ms, log.moments[index + 1]?.at ?? log.ms);
    const told = tell(moment);
    const last = parts.at(-1);
    if (last?.words === told.words) parts[parts.length - 1] = { ...last, until };
    else if (until > moment.at) parts.push({ from: moment.at, until, ...told });
  }
  return parts;
}
