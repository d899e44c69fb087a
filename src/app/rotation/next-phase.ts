import type { ClusterSpec, Revisable } from '../../cluster/model/spec.ts';
import { advanced, goesOn, phaseOf, type RotationWish } from '../../cluster/plan/rotation.ts';
import { freshGeneration } from '../../cluster/world/keys.ts';
import type { Secrets } from '../../state/store.ts';

/** As {@link advanced}, with successors of numbers that the store has never had. */
export async function nextPhase(
  secrets: Pick<Secrets, 'get'>,
  spec: ClusterSpec,
  wish: RotationWish,
): Promise<Revisable | undefined> {
  const begun = wish.what.filter((what) => phaseOf(spec, what) === 'rest' && goesOn(spec, what, wish));
  const numbers = await Promise.all(
    begun.map(async (what) => [what, await freshGeneration(secrets, what, spec)] as const),
  );
  return advanced(spec, wish, Object.fromEntries(numbers));
}
