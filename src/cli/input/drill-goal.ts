import { actNames } from '../../drill/acts.ts';
import { type Goal, goalNames, isTime } from '../../drill/goals.ts';
import { UsageError } from '../errors.ts';
import { duration } from './values.ts';

/** `writes-resume=3s`, of every act, or of one: `zone:failed-reads=0`. @throws UsageError */
export function drillGoal(text: string): Goal {
  const [, actName, name, most = ''] = /^(?:([a-z-]+):)?([a-z-]+)=(.+)$/.exec(text) ?? [];
  const act = actNames.find((one) => one === actName) ?? null;
  const goal = goalNames.find((one) => one === name);
  if (goal === undefined || (actName !== undefined && act === null)) {
    throw new UsageError(
      `must be [ACT:]GOAL=MOST with a goal of ${goalNames.join(', ')}, not ${JSON.stringify(text)}`,
    );
  }
  return { goal, act, most: isTime(goal) ? seconds(most) : count(most) };
}

/** Also parts of a second, which no other duration of ours needs. */
function seconds(text: string): number {
  const [, short] = /^(\d{1,4}\.\d{1,3})s$/.exec(text) ?? [];
  const [, ms] = /^(\d{1,6})ms$/.exec(text) ?? [];
  if (short !== undefined) return Number(short);
  return ms === undefined ? duration(text) / 1000 : Number(ms) / 1000;
}

function count(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError(`must end in a number of requests, not ${JSON.stringify(text)}`);
}
