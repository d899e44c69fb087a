import type { Addon } from '../../addons/addons.ts';
import { addonSecrets, putAddons } from '../../cluster/world/config/addons.ts';
import type { Secrets, Store } from '../../state/store.ts';
import { checkAddons } from '../new-cluster.ts';
import { type ChangeOutcome, changed, type Environment } from '../operations.ts';

/**
 * Makes these the user's add-ons, and no others: in the store first, so that whoever finishes it later (a repair) makes the same of it.
 * @throws InputError
 */
export function setAddons(
  env: Environment,
  cluster: string,
  { secrets, addons, dryRun }: { secrets: Secrets; addons: readonly Addon[]; dryRun: boolean },
): Promise<ChangeOutcome> {
  checkAddons(addons);
  return env.locked(cluster, 'set-addons', async (open) => {
    if (!dryRun) await putAddons(secrets, addons);
    return changed(env, open, (spec) => spec, {
      ...{ dryRun, mayBeUnfinished: true, partly: true },
      policy: { revive: false, addons: true },
    });
  });
}

/** A store in which these are the user's add-ons already: what a dry run looks at. */
export function havingAddons<T>(store: Store<T>, addons: readonly Addon[]): Store<T> {
  const pretended = addonSecrets(addons);
  const secrets = (cluster: string): Secrets => {
    const kept = store.secrets(cluster);
    return { ...kept, get: async (name) => pretended[name] ?? (await kept.get(name)) };
  };
  return { ...store, secrets };
}
