import type { ActName } from './acts.ts';
import type { ActFigures } from './figures.ts';
import type { Goal, GoalName } from './goals.ts';

export interface Judged extends Goal {
  readonly act: ActName;
  readonly met: boolean;
  /** Null: it never came. */
  readonly was: number | null;
}

/** Each goal, of each act that it is about. Pure. */
export function judge(goals: readonly Goal[], figures: readonly ActFigures[]): readonly Judged[] {
  return goals.flatMap((goal) =>
    figures
      .filter(({ act }) => goal.act === null || goal.act === act)
      .map((figure): Judged => {
        const was = measured(goal.goal, figure);
        return { ...goal, act: figure.act, was, met: was !== null && was <= goal.most };
      }),
  );
}

function measured(goal: GoalName, { clients, recoverySeconds }: ActFigures): number | null {
  switch (goal) {
    case 'writes-resume':
      return clients.writes.gapSeconds;
    case 'reads-resume':
      return clients.reads.gapSeconds;
    case 'failed-reads':
      return clients.reads.failures;
    case 'failed-writes':
      return clients.writes.failures;
    case 'recovery':
      return recoverySeconds;
    case 'workload-resumes':
      return clients.workload?.gapSeconds ?? null;
    case 'failed-workload':
      return clients.workload?.failures ?? null;
  }
}
