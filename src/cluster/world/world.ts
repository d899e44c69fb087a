import type { EtcdClient } from '../../etcd/client.ts';
import type { ApiClient } from '../../kubernetes/client.ts';
import type { Authorities } from '../../pki/authorities.ts';
import type { SessionPool } from '../../ssh/pool.ts';
import type { Session } from '../../ssh/session.ts';
import { shared } from '../../util/shared.ts';
import type { ChangeableWorld } from '../loop/apply-change.ts';
import type { DrillRecord } from '../model/drill.ts';
import type { GuardMemory } from '../model/guard.ts';
import { replicaZones } from '../model/spec.ts';
import { apiAt, ownAdmin } from './api.ts';
import { sealOnMachines } from './backup.ts';
import { openSessions } from './machines/sessions.ts';
import { noteOnMachines } from './machines/store-revision.ts';
import { whyUnanswered } from './observe/api-answers.ts';
import { LOOK_MS } from './observe/inside.ts';
import { openObserver } from './observe/observe.ts';
import { rewriteAll } from './rotation/settle.ts';
import { execute } from './steps/index.ts';
import type { Progress, Tools } from './tools.ts';

export type WorldParts = Omit<Tools, 'session' | 'drop' | 'seen' | 'sealed' | 'etcd'> & {
  readonly pool: SessionPool;
  /** Makes the client of a member of etcd, over a session. */
  readonly etcdClients: () => Promise<(replica: string, session: () => Promise<Session>) => EtcdClient>;
};

/** The real world: one cluster's cloud, machines, etcd and store, under its lock. */
export interface RealWorld extends ChangeableWorld {
  /** The live SSH session of a machine. @throws SshError `unreachable`; Error when the machine is not known to run. */
  session(name: string, timeoutMs?: number): Promise<Session>;
  /** Gives the masters what the store has of the cluster now, sealed: it goes with every backup. */
  sealed(): Promise<void>;
  /** A replica's own API server, through its session. */
  apiOn(replica: string): Promise<ApiClient>;
  /** As they are at work now. */
  authorities(): Promise<Authorities>;
  /** Has every Secret encrypted with the key that is written with now. */
  rewriteSecrets(progress: Progress): Promise<void>;
  /** Commands over SSH, so far. */
  commands(): number;
  /** Why a client is not answered at the API address that was seen last; null when it is, or where none is to be yet. */
  unanswered(): Promise<string | null>;
  /** An administrator's way to the API, at the address that was seen last. @throws Error where there was none */
  api(): Promise<ApiClient>;
  /** Of a replica's own member, for looking. */
  etcd(replica: string): Promise<EtcdClient>;
  /** Writes down what a drill has begun and not ended; undefined: nothing. */
  rememberDrill(drill: DrillRecord): Promise<void>;
  /** What a guard has seen and done. */
  guard(): GuardMemory;
  rememberGuard(guard: GuardMemory): Promise<void>;
  /** What is written down now. */
  drill(): DrillRecord | undefined;
}

/** Observers, sessions and executors, put together. */
export function openWorld(parts: WorldParts): RealWorld {
  const { memory, provider, signal, emit } = parts;
  const sessions = openSessions(parts);
  const etcdClients = async (): Promise<(replica: string) => EtcdClient> => {
    const clientOf = await parts.etcdClients();
    return (replica) => clientOf(replica, () => sessions.session(replica, LOOK_MS));
  };
  const observer = openObserver({ ...parts, sessions, etcdClients });
  // Steps side by side would write into the same files.
  const seal = shared(() => sealOnMachines(observer.last(), { ...parts, sessions }));
  const sealed = () => seal('');
  const tools: Tools = {
    ...parts,
    seen: observer.last,
    sealed,
    session: sessions.session,
    drop: sessions.drop,
    etcd: async (replica) => (await etcdClients())(replica),
  };
  return {
    spec: () => memory.spec,
    async save(spec) {
      await memory.updateSpec(() => spec);
      // Said before the masters are told, which takes time: whoever stops it now leaves something behind.
      emit({ type: 'change-saved' });
      if (spec.deleting) return;
      // A store that is rebuilt from a backup knows all that machines have noted, or it would be an older copy.
      await sealed();
      await noteOnMachines(observer.last(), { memory, sessions, signal });
    },
    interruption: (spec) => provider.interruption(replicaZones(spec)),
    observe: observer.observe,
    wantedBy: observer.wantedBy,
    async execute(step, progress, halfway) {
      await execute(tools, step, progress, halfway);
      observer.heard(step);
      if (step.kind === 'delete-network') observer.networkIsDeleted();
    },
    sealed,
    session: sessions.session,
    async apiOn(replica) {
      const { apiPort: port } = memory.spec;
      const connect = async () => (await sessions.session(replica)).forward('127.0.0.1', port);
      return { ip: '127.0.0.1', port, connect, ...(await ownAdmin(parts)) };
    },
    authorities: () => parts.authorities(),
    rewriteSecrets: (progress) => rewriteAll(tools, progress),
    commands: () => parts.pool.commands,
    async api() {
      const { address } = observer.last();
      if (!address) throw new Error('the cluster has no API address');
      return apiAt(parts, address.ip);
    },
    etcd: tools.etcd,
    guard: () => memory.guard,
    rememberGuard: (guard) => memory.rememberGuard(guard),
    drill: () => memory.drill,
    rememberDrill: (drill) => memory.rememberDrill(() => drill),
    unanswered: () => whyUnanswered(parts, observer.last()),
  };
}
