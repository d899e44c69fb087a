import { type ClientName, clientNames } from '../clients/names.ts';
import type { DrillLog, LoggedAct } from '../log.ts';
import { sentenceOf } from '../words.ts';
import { type Axis, axisOf, round, ticks } from './axis.ts';
import { BAND_HEIGHT, holderBand, leaderBand, quorumBand } from './bands.ts';
import { text } from './html.ts';
import { PANEL_HEIGHT, panel } from './panel.ts';

const abouts: Readonly<Record<ClientName, string>> = {
  reads: 'new connections',
  writes: 'new connections',
  'kept-alive': 'one connection',
  watch: 'write to event',
  workload: 'new connections',
};
const WIDTH = 1200;
const ACTS_HEIGHT = 40;
const GAP = 18;

/** Everything over one axis of time: the acts, what each client met, how etcd stood, who had the address. */
export function timeline(log: DrillLog): string {
  const axis = axisOf(log.ms);
  const first = ACTS_HEIGHT + GAP;
  const there = clientNames.filter((name) => log.clients[name] !== undefined);
  const panels = there.map((name, index) =>
    panel(axis, first + index * (PANEL_HEIGHT + GAP), {
      title: name,
      about: abouts[name],
      samples: log.clients[name]!,
    }),
  );
  const under = first + there.length * (PANEL_HEIGHT + GAP);
  const bands = [leaderBand, quorumBand, holderBand].map((band, index) =>
    band(axis, under + index * (BAND_HEIGHT + 8), log),
  );
  const bottom = under + bands.length * (BAND_HEIGHT + 8);
  return [
    `<svg viewBox="0 0 ${WIDTH} ${bottom + 24}" role="img" aria-label="Timeline of the drill">`,
    ticks(axis, ACTS_HEIGHT, bottom),
    ...log.acts.map((act) => shade(axis, act, bottom)),
    ...panels,
    ...bands,
    ...log.acts.map((act, index) => title(axis, act, index)),
    '</svg>',
  ].join('');
}

/** From the act to its cure dark, and light until everything was well again: over all pictures. */
function shade(axis: Axis, { at, curedAt, wellAt }: LoggedAct, bottom: number): string {
  const box = (kind: string, from: number, until: number): string =>
    `<rect class="${kind}" x="${axis.x(from)}" y="${ACTS_HEIGHT}" width="${round(Math.max(1, axis.x(until) - axis.x(from)))}" height="${bottom - ACTS_HEIGHT}"/>`;
  const cured = curedAt ?? axis.ms;
  return box('hurt', at, cured) + (curedAt === null ? '' : box('healing', cured, wellAt ?? axis.ms));
}

/** The name above; those next to each other on two lines in turn. */
function title(axis: Axis, { act, wounds, at }: LoggedAct, index: number): string {
  const x = axis.x(at);
  const y = index % 2 === 0 ? 12 : 28;
  return `<g class="act"><title>${text(sentenceOf(act, wounds))}</title><line x1="${x}" x2="${x}" y1="${y + 3}" y2="${ACTS_HEIGHT}"/><text x="${x}" y="${y}">${text(act)}</text></g>`;
}
