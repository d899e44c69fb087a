import type { DrillLog } from '../log.ts';
import { fingerprint, type SealedReport } from '../seal.ts';
import { seconds, text } from './html.ts';
import { style } from './style.ts';
import { actsTable, errorsTable, goalsTable } from './tables.ts';
import { timeline } from './timeline.ts';

/** A drill's report for people: one page that needs nothing else, made of the report for programs alone. Pure. */
export function drillPage(report: SealedReport): string {
  const { log, figures, goals } = report;
  const title = `Drill of ${log.cluster}`;
  const placed = (machines: DrillLog['replicas']): string =>
    machines.map(({ name, zone }) => `${name} in ${zone}`).join(', ');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${text(title)}</title><style>${style}</style></head><body>
<h1>${text(title)}${verdict(report)}</h1>
<p class="soft">${text(log.began.slice(0, 19).replace('T', ' '))} UTC, ${seconds(log.ms / 1000)} · Kubernetes ${text(log.kubernetesVersion)}, etcd ${text(log.etcdVersion)} on ${text(log.provider)} · haup ${text(log.haup)}</p>
<p class="soft">${text(placed(log.replicas))}</p>
${[
  ...(log.nodes ? [`Nodes: ${placed(log.nodes)}`] : []),
  ...(log.workload ? [`Workload: ${log.workload}`] : []),
]
  .map((line) => `<p class="soft">${text(line)}</p>`)
  .join('')}
${tiles(report)}
<h2>What happened</h2>
<p class="soft">Blue: what the slowest request of each moment took. Red below: requests that failed. Red bands: for more than a second no request came to a good end. Shaded: an act, and the time until all was well again.</p>
${timeline(log)}
<h2>Act by act</h2>
${actsTable(log, figures)}
<h2>Goals</h2>
${goalsTable(goals)}
<h2>Data</h2>
${data(report)}
<h2>What failed, and how</h2>
${errorsTable(log)}
<h2>Who says so</h2>
<p>Signed with the Ed25519 key <code>${fingerprint(report.seal.publicKey)}</code>. The JSON beside this page has every single request; a drill's <code>--check FILE.json</code> proves that it is unchanged and that these figures follow from it.</p>
</body></html>
`;
}

function verdict({ log, goals }: SealedReport): string {
  const lost = log.violations.length + log.unheard;
  const missed = goals.filter(({ met }) => !met).length;
  if (lost > 0) return '<span class="verdict bad">data was lost or stale</span>';
  if (log.acts.some(({ wellAt }) => wellAt === null))
    return '<span class="verdict bad">not well again</span>';
  if (missed > 0) return `<span class="verdict bad">${missed} of ${goals.length} goals missed</span>`;
  return goals.length > 0
    ? `<span class="verdict good">all ${goals.length} goals met</span>`
    : '<span class="verdict good">survived</span>';
}

/** The last of them, if any, is the one after which not everything got well again. */
function actsTold(acts: SealedReport['log']['acts']): string {
  if (acts.some(({ wellAt }) => wellAt === null))
    return acts.length === 1 ? 'act, not got over' : 'acts, the last not got over';
  return acts.length === 1 ? 'act, survived' : 'acts, each survived';
}

function tiles({ log, figures }: SealedReport): string {
  const worst = (of: (one: (typeof figures)[number]) => number): number => Math.max(0, ...figures.map(of));
  const sum = (of: (one: (typeof figures)[number]) => number): number =>
    figures.reduce((total, one) => total + of(one), 0);
  const tile = (value: string, words: string): string =>
    `<div class="tile"><b>${value}</b><span>${words}</span></div>`;
  return `<div class="tiles">${[
    tile(String(log.acts.length), actsTold(log.acts)),
    tile(seconds(worst(({ clients }) => clients.writes.gapSeconds)), 'longest without a write'),
    tile(seconds(worst(({ clients }) => clients.reads.gapSeconds)), 'longest without a read'),
    tile(
      `${sum(({ clients }) => clients.reads.failures)} of ${sum(({ clients }) => clients.reads.requests)}`,
      'new connections failed',
    ),
    tile(String(log.violations.length + log.unheard), `of ${log.acknowledged} acknowledged writes lost`),
  ].join('')}</div>`;
}

function data({ log }: SealedReport): string {
  if (log.violations.length === 0 && log.unheard === 0)
    return `<p class="good">${log.acknowledged} writes were acknowledged. None was lost, none read stale, and the watch heard of each: the history is linearizable.</p>`;
  const items = log.violations.slice(0, 50).map((words) => `<li>${text(words)}</li>`);
  if (log.unheard > 0) items.push(`<li>the watch never heard of ${log.unheard} acknowledged writes</li>`);
  return `<ul class="bad">${items.join('')}</ul>`;
}
