import { messageOf } from '../../util/failure.ts';
import { ChangeUndone, StepError } from '../model/errors.ts';
import type { Observation } from '../model/observation.ts';
import type { ClusterSpec } from '../model/spec.ts';
import { isBesideChange, takenBack } from '../plan/roll.ts';
import type { Step } from '../plan/step.ts';
import { type ConvergeOptions, converge, type World } from './converge.ts';
import type { Emit } from './events.ts';

/**
 * Converges; a change of the replicas of which the first does not come back well is taken back: that one is put back, what was wanted of
 * them too, and nobody else was touched. What has failed beside it (a node, a machine that was to come) is no reason to.
 * @throws ChangeUndone with what the failure was, when the replicas are as before; otherwise as {@link converge}.
 */
export async function convergeOrGoBack(
  world: World & { save(spec: ClusterSpec): Promise<void> },
  options: ConvergeOptions,
): Promise<Observation> {
  const failed: Step[] = [];
  const emit: Emit = (event) => {
    if (event.type === 'step-failed') failed.push(event.step);
    options.emit(event);
  };
  try {
    return await converge(world, { ...options, emit });
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    const spec = world.spec();
    if (failed.length > 0 && failed.every((step) => isBesideChange(spec, step))) throw error;
    const before = takenBack(spec, await world.observe());
    if (!before) throw error;
    await world.save(before);
    // Said now: what else was asked for goes on, and may fail as well.
    const [why] = messageOf(error).split('\n');
    options.emit({ type: 'warning', message: `the change of the replicas is taken back: ${why}` });
    await converge(world, options);
    throw new ChangeUndone(error, before.change?.back ?? null);
  }
}
