import type { ActName } from './acts.ts';

/** What can be wanted of an act. Seconds, but for the counts. */
export const goalNames = [
  'writes-resume',
  'reads-resume',
  'failed-reads',
  'failed-writes',
  'recovery',
  'workload-resumes',
  'failed-workload',
] as const;

export type GoalName = (typeof goalNames)[number];

export interface Goal {
  readonly goal: GoalName;
  /** Null: of every act. */
  readonly act: ActName | null;
  /** At most. */
  readonly most: number;
}

export function isTime(goal: GoalName): boolean {
  return goal !== 'failed-reads' && goal !== 'failed-writes' && goal !== 'failed-workload';
}

/** Only what runs on nodes can meet it. */
export function isAboutWorkload({ goal }: Goal): boolean {
  return goal === 'workload-resumes' || goal === 'failed-workload';
}
