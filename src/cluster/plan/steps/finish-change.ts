import { type ClusterStep, etcdAlone, type StepKind } from './step-kind.ts';

/** Every replica is as the spec wants it: the change is no wish any more. */
export type FinishChange = ClusterStep<'finish-change'>;

export const finishChange: StepKind<FinishChange> = {
  describe: () => 'note that the change is complete',
  touches: () => ['spec'],
  outdates: etcdAlone,
  simulate: (_, before) => ({ ...before, changed: true }),
};
