import type { Executor } from './executor.ts';

export const finishChange: Executor<'finish-change'> = ({ memory }) =>
  memory.updateSpec(({ change: _, ...spec }) => spec);
