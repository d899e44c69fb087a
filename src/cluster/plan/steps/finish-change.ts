import { type ClusterStep, etcdAlone, type StepKind } from './step-kind.ts';

/** Every replica is as the spec wants it: the change is no wish any more. */
export interface FinishChange extends ClusterStep<'finish-change'> {
  /** What else has to be done before it is. */
  readonly after?: readonly ('rewrite-secrets' | 'authorize-operators' | 'forget-authorities')[];
}

const FIRST = {
  'rewrite-secrets': 'have every Secret encrypted with the new key',
  'authorize-operators': 'tell every machine who may log in',
  'forget-authorities': 'tell extension API servers whom they may forget',
} as const;

export const finishChange: StepKind<FinishChange> = {
  describe: ({ after = [] }) =>
    [...after.map((one) => FIRST[one]), 'note that the change is complete'].join(', '),
  touches: () => ['spec'],
  outdates: etcdAlone,
  simulate: (_, before) => ({ ...before, changed: true }),
};
