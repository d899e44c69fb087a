/** The composition root. A provider is loaded when a cluster needs it (the cloud clients alone cost a second). */

import {
  DEFAULT_KUBERNETES_VERSION,
  defaultEtcdVersion,
  parseEtcdVersion,
  parseKubernetesVersion,
} from '../artifacts/versions.ts';
import { documentOf } from '../cluster/model/document.ts';
import { InputError, NotFoundError } from '../cluster/model/errors.ts';
import { authorities } from '../cluster/world/keys.ts';
import { clusterStateSchema } from '../cluster/world/memory.ts';
import { publicHalf } from '../drill/seal.ts';
import { believed } from '../pki/authorities.ts';
import { issueOwnAdmin } from '../pki/issue.ts';
import { providers, regionOf } from '../providers/registry.ts';
import { isBucket, openStore } from '../state/open.ts';
import { unlessAborted } from '../util/unless-aborted.ts';
import { apply, readDocument } from './apply.ts';
import * as backups from './backups/backup.ts';
import { rescue } from './backups/rescue.ts';
import { restoreStore } from './backups/restore-store.ts';
import { verifyBackup } from './backups/verify-backup.ts';
import { drill, knownSealingKey } from './drill.ts';
import type { CreateRequest, Engine, EngineOptions, Outcome } from './engine.ts';
import { environment, type LoadProvider } from './environment.ts';
import { fault } from './fault.ts';
import { disband, federationStatus } from './federation/federations.ts';
import { initFederation } from './federation/init.ts';
import { putMemberDns } from './federation/member-dns.ts';
import { joinMember, leaveMember } from './federation/members.ts';
import { guardOnce } from './guard.ts';
import { issuedKubeconfigs, makeKubeconfig } from './kubeconfig.ts';
import { listClusters } from './list-clusters.ts';
import { measured } from './measured.ts';
import { moveCluster } from './move-store.ts';
import type { NewCluster } from './new-cluster.ts';
import { havingAddons, setAddons } from './nodes/addons.ts';
import { makeJoinCommand } from './nodes/join-command.ts';
import * as nodes from './nodes/nodes.ts';
import * as operations from './operations.ts';
import { pretending, rotate } from './rotation/rotate.ts';
import { clusterStatus } from './status.ts';
import { upgrade } from './upgrade.ts';
import { withinTime } from './within-time.ts';

/** Said when a cluster comes into a bucket. */
const UNSEALED =
  'the keys of this cluster are stored in the bucket as they are: whoever can read the bucket rules the cluster; ' +
  'with a key file (HAUP_STORE_IDENTITY) they are sealed before they leave this machine';

const load: LoadProvider = (name) => providers[name].load();

export async function openEngine(options: EngineOptions): Promise<Engine> {
  const store = openStore(options.store, clusterStateSchema, { identity: options.storeIdentity });
  const sayUnsealed = (url: string): void => {
    if (isBucket(url) && !options.storeIdentity) options.emit({ type: 'warning', message: UNSEALED });
  };
  /** Each call has all of the time: a `status --watch`, or an answer typed late, must not use it up. */
  const timed = <T>(
    work: (env: operations.Environment) => Promise<T>,
    emit = options.emit,
    dryRun = false,
    from = store,
  ): Promise<T> =>
    withinTime(options.timeoutMs, options.signal, (signal) =>
      work(environment(from, { ...options, signal, emit }, load, dryRun)),
    );
  const changing = (
    dryRun: boolean,
    work: (env: operations.Environment) => Promise<operations.ChangeOutcome>,
    from = store,
  ): Promise<Outcome> => measured(options.emit, (emit) => timed(work, emit, dryRun, from));
  /** What nobody said follows from the rest, or is haup's choice. */
  const resolved = ({ kubernetesVersion, etcdVersion, region, ...request }: Unresolved): NewCluster => {
    const kubernetes = kubernetesVersion
      ? parseKubernetesVersion(kubernetesVersion)
      : DEFAULT_KUBERNETES_VERSION;
    const etcd = etcdVersion ? parseEtcdVersion(etcdVersion) : defaultEtcdVersion(kubernetes);
    const regions = new Set(
      [...request.zones, ...request.nodeZones].map((zone) => regionOf(request.provider, zone)),
    );
    if (region) regions.add(region);
    const [only, other] = [...regions];
    if (other) throw new InputError(`a cluster stands in one region; ${only} and ${other} are two`);
    return { ...request, kubernetesVersion: kubernetes, etcdVersion: etcd, region: only! };
  };
  return {
    create: ({ dryRun, backup, ...request }) => {
      sayUnsealed(options.store);
      const wanted = resolved(request);
      return changing(dryRun, (env) => operations.createCluster(env, wanted, backup, dryRun));
    },
    addReplicas: ({ cluster, zones, dryRun }) =>
      changing(dryRun, (env) => operations.addReplicas(env, cluster, zones, dryRun)),
    removeReplicas: ({ cluster, dryRun, ...removal }) =>
      changing(dryRun, (env) => operations.removeReplicas(env, cluster, removal, dryRun)),
    replaceReplicas: ({ cluster, names, dryRun }) =>
      changing(dryRun, (env) => operations.replaceReplicas(env, cluster, names, dryRun)),
    addNodes: ({ cluster, zones, dryRun }) =>
      changing(dryRun, (env) => nodes.addNodes(env, cluster, zones, dryRun)),
    removeNodes: ({ cluster, dryRun, drain, ...removal }) =>
      changing(dryRun, (env) => nodes.removeNodes(env, cluster, removal, drain, dryRun)),
    replaceNodes: ({ cluster, names, drain, dryRun }) =>
      changing(dryRun, (env) => nodes.replaceNodes(env, cluster, names, drain, dryRun)),
    repair: ({ cluster, abandon, dryRun }) =>
      changing(dryRun, (env) => operations.repair(env, cluster, abandon, dryRun)),
    rescue: ({ cluster, dryRun, ...request }) =>
      changing(dryRun, (env) => rescue(env, cluster, request, dryRun)),
    enableBackups: ({ cluster, dryRun, ...wish }) =>
      changing(dryRun, (env) => backups.enableBackups(env, cluster, wish, dryRun)),
    disableBackups: ({ cluster, dryRun }) =>
      changing(dryRun, (env) => backups.disableBackups(env, cluster, dryRun)),
    createBackup: (cluster) => timed((env) => backups.createBackup(env, cluster)),
    restoreStore: ({ dryRun, ...request }) => timed((env) => restoreStore(store, env, request, dryRun)),
    verifyBackup: ({ cluster, backup }) => timed((env) => verifyBackup(env, cluster, backup)),
    backups: (cluster) => timed((env) => backups.backupsOf(env, cluster)),
    pruneBackups: ({ cluster, ...how }) => timed((env) => backups.pruneBackups(env, cluster, how)),
    renew: ({ cluster, all, dryRun }) =>
      changing(dryRun, (env) => operations.renew(env, cluster, all, dryRun)),
    rotate: ({ cluster, dryRun, ...request }) =>
      changing(dryRun, (env) => rotate(env, cluster, request, dryRun), dryRun ? pretending(store) : store),
    upgrade: ({ cluster, to, ...how }) => changing(how.dryRun, (env) => upgrade(env, cluster, to, how)),
    setAddons: ({ cluster, addons, dryRun }) =>
      changing(
        dryRun,
        (env) => setAddons(env, cluster, { secrets: store.secrets(cluster), addons, dryRun }),
        dryRun ? havingAddons(store, addons) : store,
      ),
    apply: async ({ cluster, document, ...how }) => {
      const read = readDocument(document);
      return changing(how.dryRun, (env) => apply(env, cluster, read, how));
    },
    configOf: (cluster) =>
      timed((env) => env.looking(cluster, async ({ world }) => documentOf(world.spec()))),
    delete: ({ cluster, dryRun }) =>
      changing(dryRun, (env) => operations.deleteCluster(env, cluster, dryRun)),
    status: (cluster) =>
      timed(async (env) => ({
        ...(await clusterStatus(env, cluster)),
        operation: await store.holder(cluster),
      })),
    moveStore: ({ cluster, to, dryRun }) => {
      if (to === options.store) throw new InputError(`${cluster} is in that store already`);
      sayUnsealed(to);
      const other = openStore(to, clusterStateSchema, { identity: options.storeIdentity });
      return timed(() => moveCluster(store, other, cluster, dryRun));
    },
    list: () => listClusters(store),
    kubeconfig: (cluster, { endpoint, ...access }) =>
      timed((env) =>
        env.looking(cluster, async ({ world, provider }) => {
          const { name, uid, apiPort } = world.spec();
          const secrets = store.secrets(cluster);
          const kept = await authorities(secrets, world.spec());
          const ip = (await provider.address.read())?.ip ?? null;
          const host = endpoint === 'dns' ? (await provider.balancer.read())?.dnsName : ip;
          if (!host) {
            throw endpoint === 'dns'
              ? new InputError(`${cluster} has no load balancer with a DNS name`, {
                  advice: 'ask for the endpoint address',
                })
              : noAddress(cluster);
          }
          const { now, signal } = env;
          const tools = { authorities: kept, secrets, now, signal };
          return makeKubeconfig({ name, uid, apiPort, host, ip }, access, tools);
        }),
      ),
    issuedKubeconfigs: (cluster) =>
      timed((env) => env.looking(cluster, () => issuedKubeconfigs(store.secrets(cluster), env.now()))),
    joinCommand: (cluster, { minutes }) =>
      timed((env) =>
        env.looking(cluster, async ({ world, provider }) => {
          const kept = await authorities(store.secrets(cluster), world.spec());
          const ip = (await provider.address.read())?.ip;
          if (!ip) throw noAddress(cluster);
          const caPem = believed(kept.kubernetes);
          const api = { ip, port: world.spec().apiPort, caPem, ...(await issueOwnAdmin(kept)) };
          return makeJoinCommand(api, { minutes, signal: env.signal });
        }),
      ),
    // A shell may stay open for as long as it likes.
    ssh: (cluster, replica, command) =>
      environment(store, options, load).looking(cluster, async ({ world, provider }) => {
        const machines = await provider.machines.list();
        const reached = machines.filter((machine) => machine.sshHost);
        const masters = reached.filter(({ role }) => role === 'master');
        const names = [...masters, ...reached.filter(({ role }) => role === 'node')].map(({ name }) => name);
        const name = replica ?? names[0];
        if (!name || !names.includes(name))
          throw new NotFoundError(`running replica of ${cluster}`, name ?? '', names);
        const session = await world.session(name, 15_000);
        // Without a terminal Ctrl-C comes to us, not to the command: it ends the session, as it ends ssh.
        return unlessAborted(options.signal, () =>
          session.interactive(command.length > 0 ? command.join(' ') : undefined),
        );
      }),
    initFederation: ({ dryRun, backup, names, ...request }) => {
      sayUnsealed(options.store);
      const wanted = resolved(request);
      return changing(dryRun, (env) => initFederation(env, wanted, names, backup, dryRun));
    },
    joinFederation: (request) => timed((env) => joinMember(env, request)),
    unjoinFederation: (request) => timed((env) => leaveMember(env, request)),
    putMemberDns: (request) => timed((env) => putMemberDns(env, request)),
    federationStatus: (federation) => timed((env) => federationStatus(env, federation)),
    disbandFederation: (request) => timed((env) => disband(env, request)),
    drill: (request) =>
      timed(
        (env) => drill(env, store.secrets(request.cluster), request, options.timeoutMs),
        options.emit,
        request.dryRun,
      ),
    drillKey: async (cluster) => {
      if (!(await store.list()).includes(cluster)) return null;
      const key = await knownSealingKey(store.secrets(cluster));
      return key && publicHalf(key);
    },
    guard: (request) => timed((env) => guardOnce(env, request), options.emit, request.dryRun),
    fault: (cluster, kind, target) => timed((env) => fault(env, cluster, kind, target)),
  };
}

/** A new cluster, of which not everything has been said. */
type Unresolved = Omit<CreateRequest, 'backup' | 'dryRun'>;

function noAddress(cluster: string): InputError {
  return new InputError(`${cluster} has no API address yet`, {
    advice: { to: 'see', command: 'status', cluster },
  });
}
