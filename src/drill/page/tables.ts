import type { ActFigures, ClientFigures } from '../figures.ts';
import { isTime } from '../goals.ts';
import type { Judged } from '../judge.ts';
import type { DrillLog } from '../log.ts';
import { sentenceOf } from '../words.ts';
import { seconds, table, text } from './html.ts';

export function actsTable(log: DrillLog, figures: readonly ActFigures[]): string {
  const rows = figures.map(({ act, clients, recoverySeconds }, index) => {
    const { wounds, at, curedAt } = log.acts[index]!;
    return [
      `<b>${act}</b><br><span class="soft">${text(sentenceOf(act, wounds))}</span>`,
      curedAt === null ? '–' : seconds((curedAt - at) / 1000),
      seconds(clients.writes.gapSeconds),
      failures(clients.writes),
      seconds(clients.reads.gapSeconds),
      failures(clients.reads),
      failures(clients['kept-alive']),
      seconds(clients.watch.gapSeconds),
      ...(clients.workload ? [seconds(clients.workload.gapSeconds), failures(clients.workload)] : []),
      recoverySeconds === null ? '<span class="bad">never</span>' : seconds(recoverySeconds),
    ];
  });
  return table(
    [
      'Act',
      'lasted',
      'no write for',
      'writes failed',
      'no read for',
      'reads failed',
      'kept-alive failed',
      'watch silent for',
      ...(log.clients.workload ? ['workload silent for', 'workload failed'] : []),
      'well again after',
    ],
    rows,
  );
}

function failures({ failures: count, requests }: ClientFigures): string {
  return `<span class="${count === 0 ? 'good' : 'bad'}">${count}</span> of ${requests}`;
}

export function goalsTable(goals: readonly Judged[]): string {
  if (goals.length === 0) return '<p class="soft">None were set.</p>';
  const value = (judged: Judged, at: number): string =>
    isTime(judged.goal) ? seconds(at) : String(Math.round(at));
  return table(
    ['Goal', 'Act', 'at most', 'was', ''],
    goals.map((judged) => [
      judged.goal,
      judged.act,
      value(judged, judged.most),
      judged.was === null ? 'never' : value(judged, judged.was),
      judged.met ? '<b class="good">met</b>' : '<b class="bad">missed</b>',
    ]),
  );
}

/** What requests failed with, the most frequent first. */
export function errorsTable({ errors }: DrillLog): string {
  const rows = Object.entries(errors)
    .flatMap(([client, counts]) => Object.entries(counts).map(([words, count]) => ({ client, words, count })))
    .sort((a, b) => b.count - a.count)
    .slice(0, 20)
    .map(({ client, words, count }) => [text(client), String(count), `<code>${text(words)}</code>`]);
  return rows.length === 0
    ? '<p class="good">No request failed.</p>'
    : table(['Client', 'Times', 'Error'], rows);
}
