import { InputError, StepError } from '../../cluster/model/errors.ts';
import type { ClusterSpec } from '../../cluster/model/spec.ts';
import { authorities } from '../../cluster/world/keys.ts';
import { type Api, openApi } from '../../federation/controller/api.ts';
import { believed } from '../../pki/authorities.ts';
import { issueOwnAdmin } from '../../pki/issue.ts';
import { keyIdOf } from '../../pki/token-key.ts';
import { Failure } from '../../util/failure.ts';
import type { Environment } from '../operations.ts';
import type { OwnNetwork } from './network.ts';

/** An API that haup rules over for as long as one command takes. */
export interface Reached {
  readonly api: Api;
  /** Where others reach it, too. */
  readonly server: string;
  /** What its certificate is believed by; absent: the world's authorities. */
  readonly caPem: string | undefined;
}

export interface ReachedCluster extends Reached {
  readonly caPem: string;
  /** Of the key by which it signs tokens. */
  readonly keyId: string;
  readonly spec: ClusterSpec;
  readonly network: OwnNetwork;
}

/** Works with the API of one of haup's own clusters, as an administrator of minutes. @throws NotFoundError, InputError */
export function reaching<T>(
  env: Pick<Environment, 'looking'>,
  cluster: string,
  work: (reached: ReachedCluster) => Promise<T>,
): Promise<T> {
  return env.looking(cluster, async ({ world, provider, secrets }) => {
    const spec = world.spec();
    const ip = (await provider.address.read())?.ip;
    if (!ip) {
      const advice = { to: 'see', command: 'status', cluster } as const;
      throw new InputError(`${cluster} has no API address yet`, { advice });
    }
    const network = {
      ...{ cluster, uid: spec.uid, provider: provider.name, groups: provider.network.groups ?? null },
      reachesOthers: provider.capabilities.reachesOthers,
    };
    const kept = await authorities(secrets, spec);
    const server = `https://${ip}:${spec.apiPort}`;
    const caPem = believed(kept.kubernetes);
    const keyId = keyIdOf(kept.serviceAccount.publicKeyPem);
    const api = openApi({ server, caPem, ...(await issueOwnAdmin(kept)) });
    try {
      return await inWords(`reach the API of ${cluster}`, cluster, () =>
        work({ api, server, caPem, keyId, spec, network }),
      );
    } finally {
      api.close();
    }
  });
}

/** As {@link reaching}; of a federation alone. */
export function reachingFederation<T>(
  env: Pick<Environment, 'looking'>,
  federation: string,
  work: (reached: ReachedCluster) => Promise<T>,
): Promise<T> {
  return reaching(env, federation, (reached) => {
    if (reached.spec.federation) return work(reached);
    throw new InputError(`${federation} is a cluster, and no federation`);
  });
}

/** The federation that was named, or else the only one that there is. @throws InputError */
export async function federationNamed(env: Environment, name: string | undefined): Promise<string> {
  if (name !== undefined) return name;
  const names = await federationsIn(env);
  const [only, other] = names;
  if (only === undefined) throw new InputError('there is no federation in this store');
  if (other !== undefined)
    throw new InputError(`there are several federations, ${names.join(', ')}: say which one is meant`);
  return only;
}

async function federationsIn(env: Environment): Promise<string[]> {
  const found: string[] = [];
  for (const name of await env.names()) {
    const isOne = await env.specOf(name).then(
      (spec) => spec?.federation === true,
      () => false,
    );
    if (isOne) found.push(name);
  }
  return found;
}

/** What an API server refused, or that it was silent, as a failure of what was being done. */
export async function inWords<T>(doing: string, cluster: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new StepError(doing, error, { to: 'look', command: 'status', cluster });
  }
}
