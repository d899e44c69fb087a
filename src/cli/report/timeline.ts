import { type Axis, axisOf, round, ticks } from '../../drill/page/axis.ts';
import { seconds, text } from '../../drill/page/html.ts';
import { PANEL_HEIGHT, panel } from '../../drill/page/panel.ts';
import type { ChangeReport, ReportedStep } from './document.ts';

const WIDTH = 1200;
const ROW = 18;
const BAND = 22;
const GAP = 18;
/** Of a letter, about. */
const LETTER = 5.8;

/** Over one axis of time: the steps side by side as they ran, how many members voted, and how the API answered meanwhile. */
export function changeTimeline(report: ChangeReport): string {
  const axis = axisOf(report.ms);
  const rows = report.steps.map((step, index) => bar(axis, step, 8 + index * ROW, report.ms));
  const under = 8 + report.steps.length * ROW + GAP;
  const band = standings(axis, report, under);
  const reads = under + (band === '' ? 0 : BAND + GAP);
  const picture =
    report.reads.length === 0
      ? ''
      : panel(axis, reads, {
          title: 'reads',
          about: 'new connections',
          samples: report.reads.map(([at, took, failed]) => [at, took, failed]),
        });
  const bottom = reads + (picture === '' ? 0 : PANEL_HEIGHT + GAP);
  return [
    `<svg viewBox="0 0 ${WIDTH} ${bottom + 24}" role="img" aria-label="Timeline of the change">`,
    ticks(axis, 0, bottom),
    `<text class="label" x="0" y="20">steps</text>`,
    ...rows,
    band,
    picture,
    '</svg>',
  ].join('');
}

/** Its words stand in the bar, after it, or before it: where there is room. */
function bar(axis: Axis, { what, at, until, failed }: ReportedStep, top: number, ms: number): string {
  const [left, right] = [axis.x(at), axis.x(until ?? ms)];
  const width = round(Math.max(2, right - left));
  const took = until === null ? 'not ended' : seconds((until - at) / 1000);
  const words = `${what} · ${took}`;
  const room = words.length * LETTER + 8;
  const end = left + width;
  const [x, anchor] =
    room <= width
      ? [left + 6, 'start']
      : end + room <= axis.right
        ? [end + 5, 'start']
        : left - room >= axis.left
          ? [left - 5, 'end']
          : [axis.left + 6, 'start'];
  const kind = failed !== null ? 'failed' : until === null ? 'open' : 'done';
  return `<g class="step ${kind}"><title>${text(failed === null ? words : `${words}: ${failed}`)}</title><rect x="${left}" y="${top}" width="${width}" height="${ROW - 4}" rx="2"/><text x="${round(x as number)}" y="${top + 11}" text-anchor="${anchor}">${text(words)}</text></g>`;
}

/** How etcd stood after each step that changed it, by the plan. */
function standings(axis: Axis, { steps, plan, ms }: ChangeReport, top: number): string {
  const first = plan?.steps[0]?.before;
  if (!first) return '';
  const ended = steps
    .flatMap(({ until, failed, after }) =>
      until !== null && failed === null && after ? [{ at: until, after }] : [],
    )
    .toSorted((a, b) => a.at - b.at);
  const moments = [{ at: 0, after: first }, ...ended];
  const words = ({ voters, learners }: typeof first): string =>
    `${voters} ${voters === 1 ? 'voter' : 'voters'}${learners > 0 ? ` + ${learners} learning` : ''}`;
  const parts: { from: number; until: number; words: string; tolerates: number; quorum: boolean }[] = [];
  for (const [index, { at, after }] of moments.entries()) {
    const until = moments[index + 1]?.at ?? ms;
    const told = { words: words(after), tolerates: after.failuresTolerated, quorum: after.hasQuorum };
    const last = parts.at(-1);
    if (last && last.words === told.words && last.tolerates === told.tolerates) last.until = until;
    else parts.push({ from: at, until, ...told });
  }
  const shapes = parts.map(({ from, until, words: said, tolerates, quorum }) => {
    const [left, right] = [axis.x(from), axis.x(until)];
    const width = round(Math.max(1, right - left));
    const colour = !quorum ? 'unseen' : tolerates > 0 ? 'good' : 'fair';
    const caption =
      width > said.length * 6.4 + 8
        ? `<text x="${round(left + width / 2)}" y="${top + 15}" text-anchor="middle">${text(said)}</text>`
        : '';
    return `<g class="band ${colour}"><title>${text(said)}, ${tolerates} may fail</title><rect x="${left}" y="${top}" width="${width}" height="${BAND}"/>${caption}</g>`;
  });
  return `<text class="label" x="0" y="${top + 15}">etcd</text>${shapes.join('')}`;
}
