import { InputError } from '../../cluster/model/errors.ts';
import { type Api, find } from '../../federation/controller/api.ts';
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

export interface NamesWish {
  readonly settings: Omit<FederationSettings, 'federation'>;
  /** Nobody has said anything of names: those of a federation that has settings stay. */
  readonly keeps: boolean;
}

/**
 * Makes a federation, or finishes one, and gives it these settings. Done again with others it is the way to change them.
 * @throws InputError when the name is a cluster's
 */
export async function initFederation(
  env: Environment,
  request: NewCluster,
  { settings, keeps }: NamesWish,
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
  if (!dryRun) {
    await reachingFederation(env, name, ({ api }) =>
      putSettings(api, { ...settings, federation: name }, keeps, env.signal),
    );
  }
  return outcome;
}

/** @param keeps settings that are there, whatever these say */
export async function putSettings(
  api: Api,
  settings: FederationSettings,
  keeps: boolean,
  signal: AbortSignal,
): Promise<void> {
  const put = async (): Promise<true> => {
    if (!(await find(api, `/api/v1/namespaces/${NAMESPACE}`))) throw new Error('it has no namespace yet');
    if (keeps && (await find(api, SETTINGS_PATH))) return true;
    const metadata = { name: SETTINGS, namespace: NAMESPACE };
    const data = settingsData(settings);
    await apply(api, SETTINGS_PATH, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data });
    return true;
  };
  await waitFor(put, { what: `the federation's own namespace`, timeoutMs: NAMESPACE_MS, signal });
}
