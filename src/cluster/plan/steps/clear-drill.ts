import { etcdAlone, type StepKind } from './step-kind.ts';

/** Removes what a drill's clients wrote, and with it the last that is remembered of the drill. */
export interface ClearDrill {
  readonly kind: 'clear-drill';
  readonly namespace: string;
}

export const clearDrill: StepKind<ClearDrill> = {
  describe: ({ namespace }) => `remove what the drill's clients wrote (namespace ${namespace})`,
  touches: () => ['drill'],
  outdates: etcdAlone,
  simulate: (_, before) => ({ ...before, remembered: { ...before.remembered, drill: undefined } }),
};
