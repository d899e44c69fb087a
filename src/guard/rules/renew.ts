import { next } from '../../cluster/plan/next.ts';
import { describe } from '../../cluster/plan/step.ts';
import type { Rule } from '../watch.ts';

/** Certificates of which less than a third is left. Nothing else may be open: this is the last of all that is done. */
export const renew: Rule = ({ spec, observation }) => {
  const { steps } = next(spec, observation, { revive: false, renew: {} });
  const due = steps.find(({ kind }) => kind === 'refresh-certificates' || kind === 'renew-certificates');
  if (!due) return null;
  return { kind: 'act', duty: 'renew', replica: null, reason: describe(due) };
};
