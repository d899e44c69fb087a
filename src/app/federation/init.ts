import { InputError } from '../../cluster/model/errors.ts';
import { find } from '../../federation/controller/api.ts';
import { type FederationSettings, settingsData } from '../../federation/controller/settings.ts';
import { apply } from '../../federation/members/join.ts';
import { NAMESPACE, SETTINGS, SETTINGS_PATH } from '../../federation/model/names.ts';
import { waitFor } from '../../util/wait.ts';
import type { BackupWish } from '../backups/backup-parts.ts';
import type { NewCluster } from '../new-cluster.ts';
import { type ChangeOutcome, changed, createCluster, type Environment } from '../operations.ts';
import { reachingFederation } from './access.ts';

/** The masters' own units make the namespace, soon after the API server is ready. */
const NAMESPACE_MS = 120_000;

/**
 * Makes a federation, or finishes one, and gives it these settings. Done again with others it is the way to change them.
 * @throws InputError when the name is a cluster's
 */
export async function initFederation(
  env: Environment,
  request: NewCluster,
  settings: Omit<FederationSettings, 'federation'>,
  wish: BackupWish | undefined,
  dryRun: boolean,
): Promise<ChangeOutcome> {
  const { name } = request;
  const there = (await env.names()).includes(name) ? await env.specOf(name) : null;
  if (there && !there.federation)
    throw new InputError(`${name} is a cluster already: name the federation otherwise`);
  const outcome = there
    ? await env.locked(name, 'federation init', (open) =>
        changed(env, open, (spec) => spec, {
          ...{ dryRun, mayBeUnfinished: true, partly: true },
          policy: { revive: true, renew: {}, addons: true },
        }),
      )
    : await createCluster(env, { ...request, federation: true }, wish, dryRun);
  if (!dryRun) await putSettings(env, name, { ...settings, federation: name });
  return outcome;
}

async function putSettings(env: Environment, name: string, settings: FederationSettings): Promise<void> {
  await reachingFederation(env, name, async ({ api }) => {
    const put = async (): Promise<true> => {
      if (!(await find(api, `/api/v1/namespaces/${NAMESPACE}`))) throw new Error('it has no namespace yet');
      const metadata = { name: SETTINGS, namespace: NAMESPACE };
      await apply(api, SETTINGS_PATH, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata,
        data: settingsData(settings),
      });
      return true;
    };
    await waitFor(put, {
      what: `the federation's own namespace`,
      timeoutMs: NAMESPACE_MS,
      signal: env.signal,
    });
  });
}
