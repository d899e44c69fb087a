import { allBinaries, cachedBinaries, cacheFolder } from '../artifacts/cache.ts';
import { ensureBinaries } from '../artifacts/ensure.ts';
import { ensureNodeRuntime } from '../artifacts/node-runtime.ts';
import { hostArchitecture } from '../artifacts/sources.ts';
import { InputError, NotFoundError } from '../cluster/model/errors.ts';
import type { ClusterSpec } from '../cluster/model/spec.ts';
import { binariesFor } from '../cluster/world/config/binaries.ts';
import { etcdClients } from '../cluster/world/etcd-client.ts';
import { authorities } from '../cluster/world/keys.ts';
import { ClusterMemory, type ClusterState, noHistory } from '../cluster/world/memory.ts';
import { openWorld, type RealWorld } from '../cluster/world/world.ts';
import { checked } from '../providers/checked.ts';
import type { OpenProvider, Provider } from '../providers/provider.ts';
import type { ProviderName } from '../providers/registry.ts';
import { SessionPool } from '../ssh/pool.ts';
import type { Store } from '../state/store.ts';
import { once } from '../util/once.ts';
import { perKey } from '../util/per-key.ts';
import type { EngineOptions } from './engine.ts';
import { nodeSupplies } from './nodes/node-supplies.ts';
import * as operations from './operations.ts';
import { tellProgress } from './progress-text.ts';

/** Loads a provider's code. */
export type LoadProvider = (name: ProviderName) => Promise<{ open: OpenProvider }>;

/** What the operations need: clusters out of the store, opened, under their locks. */
export function environment(
  store: Store<ClusterState>,
  engineOptions: EngineOptions,
  load: LoadProvider,
  /** A dry run: nothing is fetched for it, which may take minutes. */
  dryRun = false,
): operations.Environment {
  /** Aborts when the cluster's lock is lost: somebody else may be at work then. */
  const overtaken = new AbortController();
  const signal = AbortSignal.any([engineOptions.signal, overtaken.signal]);
  const options: Options = { ...engineOptions, signal, load };
  const read = async (cluster: string): Promise<ClusterMemory> => {
    const stored = await store.read(cluster);
    if (!stored) throw new NotFoundError('cluster', cluster, await store.list());
    return new ClusterMemory(store, stored.value, stored.revision);
  };
  const withLock = async <T>(cluster: string, doing: string, work: () => Promise<T>): Promise<T> => {
    const lock = await store.lock(cluster, { doing: `haup ${doing}` });
    const lose = (): void => overtaken.abort(lock.lost?.reason);
    lock.lost?.addEventListener('abort', lose);
    try {
      return await work();
    } catch (error) {
      throw lock.lost?.aborted ? lock.lost.reason : error;
    } finally {
      lock.lost?.removeEventListener('abort', lose);
      await lock.release();
    }
  };
  return {
    emit: options.emit,
    signal,
    now: () => Date.now(),
    reads: engineOptions.reads ?? false,
    environment: engineOptions.environment,
    identity: engineOptions.storeIdentity,
    names: () => store.list(),
    specOf: async (cluster) => (await store.read(cluster))?.value.spec ?? null,
    looking: async (cluster, work) => withCluster(store, await read(cluster), options, 'look', work),
    async locked(cluster, doing, work, machines) {
      await read(cluster); // a name that does not exist is said to be so rather than locked
      return withLock(cluster, doing, async () =>
        withCluster(
          store,
          await read(cluster),
          options,
          dryRun || doing === 'delete' ? 'look' : 'change',
          work,
          machines,
        ),
      );
    },
    creating(spec, secrets, dryRun, work) {
      const create = async () => {
        if (await store.read(spec.name)) {
          throw new InputError(`the cluster ${spec.name} exists`, {
            advice: { to: 'see', command: 'status', cluster: spec.name },
          });
        }
        const memory = new ClusterMemory(store, { spec, history: noHistory, pins: {} }, 0, secrets);
        const purpose = dryRun ? 'look' : 'change';
        return withCluster(store, memory, options, purpose, work, spec.replicas.length + spec.nodes.length);
      };
      return dryRun ? create() : withLock(spec.name, 'create', create); // a lock is a file: a dry run makes none
    },
    forget: (cluster) => store.remove(cluster),
  };
}

interface Options extends EngineOptions {
  readonly load: LoadProvider;
}

/** Opens the cluster, does the work, closes what was opened. */
async function withCluster<T>(
  store: Store<ClusterState>,
  memory: ClusterMemory,
  options: Options,
  purpose: 'look' | 'change',
  work: (open: operations.OpenCluster) => Promise<T>,
  /** How many machines are to be made; absent: for what only takes away, or mends, a host need not have room. */
  machines?: number,
): Promise<T> {
  const { spec } = memory;
  const provider = checked(await openProvider(spec, options));
  const pool = new SessionPool({ looking: purpose === 'look' });
  try {
    await provider.preflight(machines);
    if (purpose === 'change' && provider.binaries.kind === 'mounted') {
      await fetchBinaries(spec, options);
      if (spec.federation) await ensureNodeRuntime(cacheFolder(options.environment));
    }
    const secrets = store.secrets(spec.name);
    const getAuthorities = perKey(
      (of: Pick<ClusterSpec, 'generations'> = memory.spec) => JSON.stringify(of.generations ?? {}),
      (of = memory.spec) => authorities(secrets, { name: spec.name, generations: of.generations }),
    );
    const supplies = once(() => nodeSupplies(world.spec(), provider.binaries, options));
    const world: RealWorld = openWorld({
      memory,
      secrets,
      provider,
      pool,
      authorities: getAuthorities,
      binaries: perKey(
        (spec: ClusterSpec) => `${spec.kubernetesVersion} ${spec.etcdVersion}`,
        (spec: ClusterSpec) =>
          binariesFor(memory, spec, 'master', provider.binaries, options.environment, options.signal),
      ),
      nodeBinaries: once(() =>
        binariesFor(memory, memory.spec, 'node', provider.binaries, options.environment, options.signal),
      ),
      nodeSupplies: supplies,
      etcdClients: perKey(
        () => JSON.stringify(memory.spec.generations ?? {}),
        async () => etcdClients(await getAuthorities()),
      ),
      signal: options.signal,
      emit: options.emit,
    });
    const fetch: operations.OpenCluster['fetch'] = async (versions) => {
      if (provider.binaries.kind === 'mounted') await fetchBinaries(versions, options);
    };
    return await work({ world, provider, secrets, fetch, supplies });
  } finally {
    pool.close();
    await provider.close();
  }
}

async function openProvider(
  spec: ClusterSpec,
  { signal, emit, load, environment: variables }: Options,
): Promise<Provider> {
  const { open } = await load(spec.provider);
  const release = {
    kubernetesVersion: spec.kubernetesVersion,
    etcdVersion: spec.etcdVersion,
    arch: hostArchitecture(),
  };
  const { kubernetesVersion, arch } = release;
  const cache = cacheFolder(variables);
  return open({
    cluster: operations.identityOf(spec),
    settings: spec.settings,
    signal,
    progress: (message) => emit({ type: 'progress', topic: spec.provider, message }),
    cacheFolder: cache,
    binariesFolder: cachedBinaries(cache, release),
    releasesFolder: allBinaries(cache),
    nodeBinariesFolder: cachedBinaries(cache, { role: 'node', kubernetesVersion, arch }),
    podRange: spec.clusterCidr,
    environment: variables,
  });
}

async function fetchBinaries(
  spec: Pick<ClusterSpec, 'kubernetesVersion' | 'etcdVersion'>,
  { signal, emit, environment: variables }: EngineOptions,
): Promise<void> {
  await ensureBinaries({
    environment: variables,
    kubernetesVersion: spec.kubernetesVersion,
    etcdVersion: spec.etcdVersion,
    signal,
    onProgress: tellProgress(emit),
  });
}
