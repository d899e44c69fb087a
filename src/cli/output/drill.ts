import { isTime } from '../../drill/goals.ts';
import type { PlannedAct } from '../../drill/plan.ts';
import type { SealedReport } from '../../drill/seal.ts';
import { sentenceOf } from '../../drill/words.ts';
import type { Style } from './style.ts';
import { table } from './table.ts';
import { elapsed } from './time.ts';
import { counted, figure } from './words.ts';

/** What would be played, with the proof that it is survived. */
export function renderDrillPlan(cluster: string, planned: readonly PlannedAct[], style: Style): string[] {
  const rows = planned.map(({ act, wounds, before, during, refused }, index) => [
    String(index + 1).padStart(3),
    act,
    wounds.length > 0 ? sentenceOf(act, wounds) : '–',
    `${before.healthy} → ${during.healthy} of ${during.voters}`,
    String(during.quorum),
    refused === null ? style.good('yes') : style.bad('no'),
  ]);
  const head = ['  #', 'ACT', 'WHAT HAPPENS', 'HEALTHY VOTERS', 'QUORUM', 'SURVIVED'].map(style.bold);
  const refused = planned.flatMap(({ act, refused: why }) =>
    why === null ? [] : [style.bad(`refused: ${act}: ${why}`)],
  );
  return [
    style.bold(`${cluster}: ${counted(planned.length, 'act')}; nothing was done`),
    ...table([head, ...rows]),
    ...(refused.length > 0 ? ['', ...refused] : []),
  ];
}

/** What clients met, act by act, and how that compares with what is wanted. */
export function renderDrillReport({ log, figures, goals }: SealedReport, style: Style): string[] {
  const rows = figures.map(({ act, clients, recoverySeconds }) => [
    act,
    `${figure(clients.writes.gapSeconds)} s`,
    `${clients.writes.failures} of ${clients.writes.requests}`,
    `${figure(clients.reads.gapSeconds)} s`,
    `${clients.reads.failures} of ${clients.reads.requests}`,
    `${figure(clients.watch.gapSeconds)} s`,
    ...(clients.workload
      ? [
          `${figure(clients.workload.gapSeconds)} s`,
          `${clients.workload.failures} of ${clients.workload.requests}`,
        ]
      : []),
    recoverySeconds === null ? 'never' : `${figure(recoverySeconds)} s`,
  ]);
  const ofApi = ['ACT', 'NO WRITE FOR', 'FAILED', 'NO READ FOR', 'FAILED', 'WATCH SILENT'];
  const ofWorkload = log.clients.workload ? ['WORKLOAD SILENT', 'FAILED'] : [];
  const head = [...ofApi, ...ofWorkload, 'WELL AFTER'];
  const missed = goals.filter(({ met }) => !met);
  return [
    style.bold(`${log.cluster}: ${counted(log.acts.length, 'act')} in ${elapsed(log.ms / 1000)}`),
    ...table([head.map(style.bold), ...rows]),
    dataLine(log, style),
    ...neverWell(log).map((act) => style.bad(`${act}: not everything got well again in time`)),
    ...(goals.length > 0 && missed.length === 0
      ? [style.good(`all ${counted(goals.length, 'goal')} met`)]
      : []),
    ...missed.map(({ goal, act, was, most }) => {
      const unit = isTime(goal) ? ' s' : '';
      const met = was === null ? 'never' : `${figure(was)}${unit}`;
      return style.bad(`missed: ${act}: ${goal} was ${met}, wanted at most ${figure(most)}${unit}`);
    }),
  ];
}

function dataLine({ violations, unheard, acknowledged }: SealedReport['log'], style: Style): string {
  if (violations.length === 0 && unheard === 0)
    return style.good(`${counted(acknowledged, 'acknowledged write')}: none lost, none stale, each heard of`);
  const what = [...violations.slice(0, 3), ...(unheard > 0 ? [`the watch missed ${unheard}`] : [])];
  return style.bad(`data: ${counted(violations.length, 'violation')}: ${what.join('; ')}`);
}

function neverWell({ acts }: SealedReport['log']): readonly string[] {
  return acts.filter(({ wellAt }) => wellAt === null).map(({ act }) => act);
}

/** Whether all that was wanted is so. What no store may do is wanted of none, and of a cluster that it gets well again. */
export function isGood({ log, goals }: SealedReport): boolean {
  const isWell = neverWell(log).length === 0;
  return isWell && goals.every(({ met }) => met) && log.violations.length === 0 && log.unheard === 0;
}
