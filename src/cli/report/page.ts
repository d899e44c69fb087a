import { seconds, table, text } from '../../drill/page/html.ts';
import { style } from '../../drill/page/style.ts';
import { longestGap } from './availability.ts';
import type { ChangeReport } from './document.ts';
import { changeTimeline } from './timeline.ts';
import { topologyPicture } from './topology-picture.ts';

/** A change for people: one page that needs nothing else, made of the report for programs alone. Pure. */
export function changePage(report: ChangeReport): string {
  const title = `haup ${report.command} of ${report.cluster}`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${text(title)}</title><style>${style}${own}</style></head><body>
<h1>${text(title)}${verdict(report)}</h1>
<p class="soft">${text(report.began.slice(0, 19).replace('T', ' '))} UTC${report.dryRun ? ', a dry run: nothing was changed' : `, ${seconds(report.ms / 1000)}`} · haup ${text(report.haup)}</p>
${report.error === null ? '' : `<p class="bad">${text(report.error)}</p>`}
${report.dryRun ? '' : tiles(report)}
${report.warnings.map((words) => `<p><b>Note:</b> ${text(words)}</p>`).join('')}
${report.dryRun ? '' : happened(report)}
${topologies(report)}
${plan(report)}
${moved(report)}
</body></html>
`;
}

const own = `
.step rect { fill: var(--took); opacity: .45; } .step.failed rect { fill: var(--bad); opacity: 1; } .step.open rect { fill: var(--fair); opacity: .6; } .step.failed text { fill: var(--bad); }
.zone { fill: none; stroke: var(--line); } .way { fill: none; stroke: var(--soft); } .machine rect, .holder rect { stroke: var(--line); fill: var(--card); }
.machine.good rect { fill: var(--r1); } .machine.balancer rect, .holder rect { fill: var(--balancer); } .machine.fair rect { fill: var(--fair); }
.machine.none rect, .holder.none rect { fill: var(--none); } svg .machine text, svg .holder text { fill: var(--on); } .holder.absent rect { fill: var(--card); } svg .holder.absent text { fill: var(--soft); }
.pair { display: flex; flex-wrap: wrap; gap: 24px 48px; } .tiles + p { margin-top: 16px; } .pair h3 { font-size: 14px; margin: 0 0 8px; color: var(--soft); }
`;

function verdict({ dryRun, error, plan: made }: ChangeReport): string {
  const [kind, words] =
    error !== null
      ? ['bad', 'did not come to its end']
      : (made?.refused.length ?? 0) > 0
        ? ['bad', 'refused']
        : dryRun
          ? ['soft', 'planned']
          : ['good', 'done'];
  return `<span class="verdict ${kind}">${words}</span>`;
}

function tiles({ steps, reads, ms, plan: made }: ChangeReport): string {
  const failed = reads.filter(([, , isFailed]) => isFailed).length;
  const tile = (value: string, words: string): string =>
    `<div class="tile"><b>${value}</b><span>${words}</span></div>`;
  const after = made?.steps.at(-1)?.after;
  return `<div class="tiles">${[
    tile(String(steps.length), steps.length === 1 ? 'step' : 'steps'),
    tile(seconds(ms / 1000), 'in all'),
    reads.length === 0
      ? tile('–', 'the API was not read')
      : tile(`${failed} of ${reads.length}`, 'reads on new connections failed'),
    ...(reads.length === 0 ? [] : [tile(seconds(longestGap(reads, ms) / 1000), 'longest without a read')]),
    ...(after ? [tile(String(after.failuresTolerated), 'failures tolerated, as planned')] : []),
  ].join('')}</div>`;
}

function happened(report: ChangeReport): string {
  if (report.steps.length === 0) return '<h2>What happened</h2><p class="soft">Nothing was to be done.</p>';
  return `<h2>What happened</h2>
<p class="soft">Each bar is a step, beside those that ran meanwhile. Below: the members of etcd as the plan had them, yellow where none may fail; and what the slowest read of each moment took, red where reads failed.</p>
${changeTimeline(report)}`;
}

function topologies({ plan: made }: ChangeReport): string {
  if (!made) return '';
  return `<h2>Before and after</h2><div class="pair"><div><h3>before</h3>${topologyPicture(made.before)}</div><div><h3>after, as planned</h3>${topologyPicture(made.after)}</div></div>`;
}

/** Each step of the plan, with how many members voted, were needed and may fail then. */
function plan({ plan: made }: ChangeReport): string {
  if (!made || (made.steps.length === 0 && made.refused.length === 0)) return '';
  const change = (before: number, after: number): string =>
    before === after ? String(after) : `${before} → <b>${after}</b>`;
  const rows = made.steps.map(({ what, before, after }, index) => [
    String(index + 1),
    text(what),
    change(before.voters, after.voters),
    change(before.learners, after.learners),
    change(before.healthy, after.healthy),
    change(before.voters === 0 ? 0 : before.quorum, after.voters === 0 ? 0 : after.quorum),
    after.voters === 0 || after.hasQuorum
      ? change(before.failuresTolerated, after.failuresTolerated)
      : '<b class="bad">no quorum</b>',
  ]);
  const refused = made.refused.map((words) => `<p class="bad">refused: ${text(words)}</p>`).join('');
  return `<h2>The plan, and the quorum at each step</h2>${rows.length === 0 ? '' : table(['#', 'Step', 'voters', 'learners', 'healthy', 'needed', 'may fail'], rows)}${refused}`;
}

function moved({ availability }: ChangeReport): string {
  if (availability.length === 0) return '';
  const rows = availability.flatMap(({ during, probes, watchReconnects }) =>
    probes.map(({ kind, requests, failures, longestGapSeconds, slowestSeconds }) => [
      text(during),
      text(kind),
      `${failures} of ${requests}`,
      seconds(longestGapSeconds),
      seconds(slowestSeconds),
      String(watchReconnects),
    ]),
  );
  return `<h2>While the API address moved</h2>${table(['', 'request', 'failed', 'longest gap', 'slowest', 'watch reopened'], rows)}`;
}
