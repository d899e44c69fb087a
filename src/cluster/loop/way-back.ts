import { ChangeUndone, StepError } from '../model/errors.ts';
import type { Observation } from '../model/observation.ts';
import type { ClusterSpec } from '../model/spec.ts';
import { takenBack } from '../plan/roll.ts';
import { type ConvergeOptions, converge, type World } from './converge.ts';

/**
 * Converges; a change of the replicas of which the first does not come back well is taken back: that one is put back, the spec too, and
 * nobody else was touched.
 * @throws ChangeUndone with what the failure was, when all is as before; otherwise as {@link converge}.
 */
export async function convergeOrGoBack(
  world: World & { save(spec: ClusterSpec): Promise<void> },
  options: ConvergeOptions,
): Promise<Observation> {
  try {
    return await converge(world, options);
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    const before = takenBack(world.spec(), await world.observe());
    if (!before) throw error;
    await world.save(before);
    await converge(world, options);
    throw new ChangeUndone(error, before.change?.back ?? null);
  }
}
