import { next } from '../../cluster/plan/next.ts';
import { isBack } from '../../cluster/plan/rescue.ts';
import { describe } from '../../cluster/plan/step.ts';
import { type Rule, wait } from '../watch.ts';

/** What comes back by itself, does so sooner: systemd's restarts, a reboot. */
const PATIENCE_MS = 30_000;

/** What has stopped, or was begun and not ended, also a drill. */
export const repair: Rule = ({ spec, observation, memory, now }) => {
  // Others come back while nobody looks: to go on fencing them has to be somebody's wish again.
  if (spec.rescue && !isBack(spec.rescue, observation))
    return wait('a rescue has not ended: what it gives up is for a person to say');
  const { steps, blocked } = next(spec, observation, { revive: true });
  if (steps.length === 0) return blocked[0] ? wait(blocked[0].message) : null;
  const what = steps.map(describe).join('; ');
  const left = (memory.unfinishedSince ?? now) + PATIENCE_MS - now;
  if (left > 0) return wait(`still to do: ${what}; it may come by itself within ${Math.ceil(left / 1000)} s`);
  return { kind: 'act', duty: 'repair', replica: null, reason: what };
};
