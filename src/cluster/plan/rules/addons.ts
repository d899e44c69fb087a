import { differencesOf } from '../revision/differs.ts';
import type { Step } from '../step.ts';
import { isServing, type View } from '../view.ts';

/** Masters that keep other add-ons than the store has: one after the other, since what they keep is one cluster's. */
export function keepAddons(v: View): Step[] {
  if (!v.policy.addons) return [];
  const differs = (replica: string): boolean =>
    differencesOf(v.observation, replica).some(({ path }) => path.startsWith('addons/'));
  const first = v.replicas.find((replica) => isServing(replica) && differs(replica.name));
  return first ? [{ kind: 'keep-addons', replica: first.name }] : [];
}
