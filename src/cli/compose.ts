/**
 * The composition root: the only place that knows concrete providers, and it loads them when a cluster needs them (the
 * cloud clients alone cost a second).
 */

import { binariesFolder, cacheFolder } from '../artifacts/cache.ts';
import { ensureBinaries } from '../artifacts/ensure.ts';
import { hostArchitecture } from '../artifacts/sources.ts';
import {
  DEFAULT_KUBERNETES_VERSION,
  defaultEtcdVersion,
  parseEtcdVersion,
  parseKubernetesVersion,
} from '../artifacts/versions.ts';
import { InputError, NotFoundError } from '../cluster/errors.ts';
import { binariesFor } from '../cluster/execute/binaries.ts';
import { etcdClients } from '../cluster/execute/etcd-client.ts';
import { authorities } from '../cluster/execute/keys.ts';
import { ClusterMemory, type ClusterState, clusterStateSchema } from '../cluster/memory.ts';
import * as operations from '../cluster/operations.ts';
import type { ClusterSpec } from '../cluster/spec.ts';
import { RealWorld } from '../cluster/world.ts';
import { issueClient } from '../pki/issue.ts';
import { kubeconfig } from '../pki/kubeconfig.ts';
import type { OpenProvider, Provider, ProviderName } from '../providers/provider.ts';
import { SessionPool } from '../ssh/pool.ts';
import { openStore, type Store } from '../state/store.ts';
import type { ClusterList, Engine, EngineOptions, Outcome } from './engine.ts';
import { measured } from './measured.ts';
import { progressText } from './output/progress-text.ts';
import { regionOf } from './region.ts';
import { withinTime } from './within-time.ts';

const PROVIDERS: Record<ProviderName, () => Promise<{ open: OpenProvider }>> = {
  local: () => import('../providers/local/index.ts'),
  gce: () => import('../providers/gce/index.ts'),
  aws: () => import('../providers/aws/index.ts'),
};

export async function openEngine(options: EngineOptions): Promise<Engine> {
  const store = openStore(options.store, clusterStateSchema);
  /** Each call has all of the time: a `status --watch`, or an answer typed late, must not use it up. */
  const timed = <T>(work: (env: operations.Environment) => Promise<T>, emit = options.emit): Promise<T> =>
    withinTime(options.timeoutMs, options.signal, (signal) =>
      work(environment(store, { ...options, signal, emit })),
    );
  const changing = (work: (env: operations.Environment) => Promise<Outcome>): Promise<Outcome> =>
    measured(options.emit, (emit) => timed(work, emit));
  return {
    create: ({ dryRun, kubernetesVersion, etcdVersion, region, ...request }) => {
      const kubernetes = kubernetesVersion
        ? parseKubernetesVersion(kubernetesVersion)
        : DEFAULT_KUBERNETES_VERSION;
      const etcd = etcdVersion ? parseEtcdVersion(etcdVersion) : defaultEtcdVersion(kubernetes);
      const regions = new Set(request.zones.map((zone) => regionOf(request.provider, zone)));
      if (region) regions.add(region);
      const [only, other] = [...regions];
      if (other) throw new InputError(`a cluster stands in one region; ${only} and ${other} are two`);
      const wanted = { ...request, kubernetesVersion: kubernetes, etcdVersion: etcd, region: only! };
      return changing((env) => operations.createCluster(env, wanted, dryRun));
    },
    addReplicas: ({ cluster, zones, dryRun }) =>
      changing((env) => operations.addReplicas(env, cluster, zones, dryRun)),
    removeReplicas: ({ cluster, dryRun, ...removal }) =>
      changing((env) => operations.removeReplicas(env, cluster, removal, dryRun)),
    replaceReplicas: ({ cluster, names, dryRun }) =>
      changing((env) => operations.replaceReplicas(env, cluster, names, dryRun)),
    repair: ({ cluster, abandon, dryRun }) =>
      changing((env) => operations.repair(env, cluster, abandon, dryRun)),
    delete: ({ cluster, dryRun }) => changing((env) => operations.deleteCluster(env, cluster, dryRun)),
    status: (cluster) =>
      timed(async (env) => ({
        ...(await operations.status(env, cluster)),
        operation: await store.holder(cluster),
      })),
    list: () => listClusters(store),
    kubeconfig: (cluster, { endpoint }) =>
      timed((env) =>
        env.looking(cluster, async ({ world, provider }) => {
          const spec = world.spec();
          const kept = await authorities(store.secrets(cluster), cluster);
          const admin = await issueClient('admin', kept);
          const host =
            endpoint === 'dns'
              ? (await provider.balancer.read())?.dnsName
              : (await provider.address.read())?.ip;
          if (!host) {
            throw new InputError(
              endpoint === 'dns'
                ? `${cluster} has no load balancer with a DNS name: leave --endpoint out`
                : `${cluster} has no API address yet; see: haup status -c ${cluster}`,
            );
          }
          return kubeconfig({
            cluster,
            server: `https://${host}:${spec.apiPort}`,
            caPem: kept.kubernetes.certPem,
            ...admin,
          });
        }),
      ),
    // A shell may stay open for as long as it likes.
    ssh: (cluster, replica, command) =>
      environment(store, options).looking(cluster, async ({ world, provider }) => {
        const machines = await provider.machines.list();
        const names = machines.filter((machine) => machine.sshHost).map((machine) => machine.name);
        const name = replica ?? names[0];
        if (!name || !names.includes(name))
          throw new NotFoundError(`running replica of ${cluster}`, name ?? '', names);
        const session = await world.session(name, 15_000);
        return session.interactive(command.length > 0 ? command.join(' ') : undefined);
      }),
    fault: (cluster, kind, target) => timed((env) => operations.fault(env, cluster, kind, target)),
  };
}

/** One cluster that cannot be read does not hide the others. */
async function listClusters(store: Store<ClusterState>): Promise<ClusterList> {
  const names = await store.list();
  const read = await Promise.allSettled(names.map((name) => store.read(name)));
  return {
    clusters: read.flatMap((one) => {
      const spec = one.status === 'fulfilled' ? one.value?.value.spec : undefined;
      if (!spec) return [];
      const { name, provider, region, replicas, kubernetesVersion } = spec;
      return [{ name, provider, region, replicas: replicas.length, kubernetesVersion }];
    }),
    unreadable: read.flatMap((one) => (one.status === 'rejected' ? [one.reason as Error] : [])),
  };
}

function environment(store: Store<ClusterState>, options: EngineOptions): operations.Environment {
  const read = async (cluster: string): Promise<ClusterMemory> => {
    const stored = await store.read(cluster);
    if (!stored) throw new NotFoundError('cluster', cluster, await store.list());
    return new ClusterMemory(store, stored.value, stored.revision);
  };
  const withLock = async <T>(cluster: string, doing: string, work: () => Promise<T>): Promise<T> => {
    const lock = await store.lock(cluster, { doing: `haup ${doing}` });
    try {
      return await work();
    } finally {
      await lock.release();
    }
  };
  return {
    emit: options.emit,
    signal: options.signal,
    now: () => Date.now(),
    names: () => store.list(),
    looking: async (cluster, work) => withCluster(store, await read(cluster), options, 'look', work),
    async locked(cluster, doing, work) {
      await read(cluster); // a name that does not exist is said to be so rather than locked
      return withLock(cluster, doing, async () =>
        withCluster(store, await read(cluster), options, doing === 'delete' ? 'look' : 'change', work),
      );
    },
    creating(spec, dryRun, work) {
      const create = async () => {
        if (await store.read(spec.name)) {
          throw new InputError(`the cluster ${spec.name} exists; see: haup status -c ${spec.name}`);
        }
        const memory = new ClusterMemory(store, { spec, pins: {} }, 0);
        return withCluster(store, memory, options, dryRun ? 'look' : 'change', work);
      };
      return dryRun ? create() : withLock(spec.name, 'create', create); // a lock is a file: a dry run makes none
    },
    forget: (cluster) => store.remove(cluster),
  };
}

async function withCluster<T>(
  store: Store<ClusterState>,
  memory: ClusterMemory,
  options: EngineOptions,
  purpose: 'look' | 'change',
  work: (open: operations.OpenCluster) => Promise<T>,
): Promise<T> {
  const { spec } = memory;
  const provider = await openProvider(spec, options);
  const pool = new SessionPool({ looking: purpose === 'look' });
  try {
    await provider.preflight();
    if (purpose === 'change' && provider.binaries.kind === 'mounted') await fetchBinaries(spec, options);
    const secrets = store.secrets(spec.name);
    const getAuthorities = once(() => authorities(secrets, spec.name));
    const world = new RealWorld({
      memory,
      secrets,
      provider,
      pool,
      authorities: getAuthorities,
      binaries: binariesFor(spec, provider.binaries),
      etcdClients: once(async () => etcdClients(await getAuthorities())),
      signal: options.signal,
      emit: options.emit,
    });
    return await work({ world, provider });
  } finally {
    pool.close();
    await provider.close();
  }
}

async function openProvider(spec: ClusterSpec, { signal, emit }: EngineOptions): Promise<Provider> {
  const { open } = await PROVIDERS[spec.provider]();
  const release = {
    kubernetesVersion: spec.kubernetesVersion,
    etcdVersion: spec.etcdVersion,
    arch: hostArchitecture(),
  };
  return open({
    cluster: operations.identityOf(spec),
    settings: spec.settings,
    signal,
    progress: (message) => emit({ type: 'progress', topic: spec.provider, message }),
    binariesFolder: binariesFolder(cacheFolder(), release),
  });
}

async function fetchBinaries(spec: ClusterSpec, { signal, emit }: EngineOptions): Promise<void> {
  await ensureBinaries({
    kubernetesVersion: spec.kubernetesVersion,
    etcdVersion: spec.etcdVersion,
    signal,
    onProgress: (progress) => emit({ type: 'progress', ...progressText(progress) }),
  });
}

/** Made when first asked for, and once. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
