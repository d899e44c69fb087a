import { next } from '../../cluster/plan/next.ts';
import { describe, type Step } from '../../cluster/plan/step.ts';
import { type Rule, wait } from '../watch.ts';

/** Certificates of replicas and nodes of which less than a third is left. Nothing else may be open: this is the last of all that is done. */
export const renew: Rule = ({ spec, observation }) => {
  const { steps, blocked } = next(spec, observation, { revive: false, renew: {} });
  const due = steps.find(isRenewal);
  if (!due) {
    const { blocked: others } = next(spec, observation, { revive: false });
    const why = blocked.find(({ message }) => !others.some((other) => other.message === message));
    return why ? wait(why.message) : null;
  }
  return { kind: 'act', duty: 'renew', replica: null, reason: describe(due) };
};

function isRenewal(step: Step): boolean {
  // A node that gets other authorities is told of a rotation: what is unfinished of that is a repair's.
  if (step.kind === 'renew-node') return !step.becomes;
  return step.kind === 'refresh-certificates' || step.kind === 'renew-certificates';
}
