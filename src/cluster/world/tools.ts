import type { EtcdClient } from '../../etcd/client.ts';
import type { NodeImages } from '../../nodes/images.ts';
import type { Authorities } from '../../pki/authorities.ts';
import type { Provider } from '../../providers/provider.ts';
import type { ReplicaBinaries } from '../../replicas/config.ts';
import type { Session } from '../../ssh/session.ts';
import type { Secrets } from '../../state/store.ts';
import type { Emit } from '../loop/events.ts';
import type { MemberObservation, Observation } from '../model/observation.ts';
import type { ClusterSpec } from '../model/spec.ts';
import type { ClusterMemory } from './memory.ts';

export interface NodeSupplies {
  /** OCI archives that nodes import. */
  readonly images: readonly NodeImages[];
}

/** What the steps are done with. */
export interface Tools {
  readonly memory: ClusterMemory;
  readonly secrets: Secrets;
  readonly provider: Provider;
  /** Made when first asked for; as they are at work by this spec, the stored one unless given. */
  authorities(spec?: Pick<ClusterSpec, 'generations'>): Promise<Authorities>;
  readonly signal: AbortSignal;
  readonly emit: Emit;
  /** Of the masters, in the versions of this spec. */
  readonly binaries: (spec: ClusterSpec) => Promise<ReplicaBinaries>;
  readonly nodeBinaries: () => Promise<ReplicaBinaries>;
  /** What nodes need on the operator's machine before the first is made: their programs and images, fetched or built, once. */
  readonly nodeSupplies: () => Promise<NodeSupplies>;
  /** The last observation: what the step was planned from. */
  seen(): Observation;
  /** The live SSH session of a replica. */
  session(replica: string, timeoutMs?: number): Promise<Session>;
  /** Ends it: before the machine goes, or before the address that it may run through moves. */
  drop(replica: string): void;
  /** Gives the masters what the store has now, sealed, to go with every backup: see backup.ts. */
  sealed(): Promise<void>;
  /** etcd's API on the replica's own member, through its session. */
  etcd(replica: string): Promise<EtcdClient>;
}

/** What a replica's files are made from. */
export interface FileTools extends Pick<Tools, 'seen' | 'authorities' | 'provider'> {
  readonly memory: Pick<ClusterMemory, 'spec'>;
  readonly secrets: Pick<Secrets, 'get'>;
}

export type Progress = (message: string) => void;

/** A replica whose member is a healthy voter: who can be asked to change the membership. The leader if possible. */
export function voterToAsk(observation: Observation, except?: string): MemberObservation {
  const able = observation.etcd.members.filter((m) => !m.learner && m.healthy && m.name !== except);
  const voter = able.find((m) => m.leader) ?? able[0];
  if (!voter) throw new Error('no healthy etcd member can be reached');
  return voter;
}
