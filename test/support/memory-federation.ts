import { type Controller, startController } from '../../src/federation/controller/controller.ts';
import { collectionPath, type KindName, kinds, objectPath } from '../../src/federation/model/kinds.ts';
import { CLUSTERS_API, NAMESPACE } from '../../src/federation/model/names.ts';
import type { ApiObject, Fields } from '../../src/federation/model/object.ts';
import type { Shard } from '../../src/federation/model/shard.ts';
import { type MemoryApi, memoryApi, type OnCall } from './memory-api.ts';

/** A federation and its members, in memory, and its controller with whatever befalls its calls. Time is `Date.now()`, which tests may have faked. */
export interface MemoryFederation {
  readonly own: MemoryApi;
  readonly members: ReadonlyMap<string, MemoryApi>;
  join(cluster: string, region?: string): void;
  /** As a user tells it: nothing more is done there. */
  leave(cluster: string): void;
  statusOf(cluster: string): Fields;
  start(options?: StartOptions): Controller;
}

export interface StartOptions {
  /** Of calls to the federation's own API; to a member's, with its name. */
  readonly onCall?: (cluster: string | null, ...call: Parameters<OnCall>) => ReturnType<OnCall>;
  readonly onReply?: StartOptions['onCall'];
  readonly onShards?: (shards: readonly Shard[]) => void;
  readonly log?: (line: string) => void;
}

/** Its uid is that of its first object. */
export const IDENTITY = { federation: 'world', uid: 'uid-own-1' };

export function memoryFederation(members: ReadonlyMap<string, MemoryApi>): MemoryFederation {
  const own = memoryApi({ uid: 'own-' });
  own.put('/api/v1/namespaces/kube-system', {});
  own.put(`/api/v1/namespaces/${NAMESPACE}`, {});
  const clusterPath = (cluster: string) => `/apis/${CLUSTERS_API}/clusters/${cluster}`;
  return {
    own,
    members,
    join(cluster, region = `region-${cluster}`) {
      const secretName = `member-${cluster}`;
      const data = { token: Buffer.from('t').toString('base64') };
      own.put(`/api/v1/namespaces/${NAMESPACE}/secrets/${secretName}`, { data });
      const spec = { server: `https://${cluster}:443`, secretName, region, zone: `${region}-1` };
      own.put(clusterPath(cluster), { spec, status: {} });
    },
    leave(cluster) {
      const { spec = {} } = own.get(clusterPath(cluster))!;
      own.put(clusterPath(cluster), { ...own.get(clusterPath(cluster))!, spec: { ...spec, leaving: true } });
    },
    statusOf: (cluster) => own.get(clusterPath(cluster))?.status ?? {},
    start({ onCall = () => {}, onReply = () => {}, onShards = () => {}, log = () => {} } = {}) {
      return startController({
        ...{ identity: IDENTITY, now: () => Date.now(), onShards, log },
        api: own.client(
          (...call) => onCall(null, ...call),
          (...call) => onReply(null, ...call),
        ),
        open({ server }) {
          const cluster = new URL(server).hostname;
          return members.get(cluster)!.client(
            (...call) => onCall(cluster, ...call),
            (...call) => onReply(cluster, ...call),
          );
        },
      });
    },
  };
}

export function pathOf(kind: KindName, name: string, namespace = 'web'): string {
  return objectPath(kinds[kind], kinds[kind].namespaced ? { name, namespace } : { name });
}

/** Of one kind, in all namespaces. */
export function allOf({ objects }: MemoryApi, kind: KindName): ApiObject[] {
  const plural = collectionPath(kinds[kind]).split('/').at(-1);
  return [...objects].flatMap(([path, object]) => (path.split('/').at(-2) === plural ? [object] : []));
}
