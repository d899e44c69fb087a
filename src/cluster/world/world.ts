import type { Addon } from '../../addons/addons.ts';
import type { EtcdClient } from '../../etcd/client.ts';
import { callApi, isReady } from '../../kubernetes/client.ts';
import { inspectNode, type NodeInside } from '../../nodes/inspect.ts';
import type { ApiAddress, Interruption, Machine } from '../../providers/provider.ts';
import { ReplicaError } from '../../replicas/errors.ts';
import { type Inside, inspect } from '../../replicas/inspect.ts';
import { noteStoreRevision } from '../../replicas/store-revision.ts';
import { HostKeyError, SshError } from '../../ssh/errors.ts';
import type { SessionPool } from '../../ssh/pool.ts';
import type { Session } from '../../ssh/session.ts';
import type { ChangeableWorld } from '../loop/apply-change.ts';
import { REUSE_MS } from '../loop/converge.ts';
import type { Halfway } from '../loop/running.ts';
import type { SeenMachine } from '../model/machine.ts';
import type { NodeMachine, NodesObservation } from '../model/nodes.ts';
import type { EtcdObservation, MachineObservation, Observation } from '../model/observation.ts';
import { nothing } from '../model/observation.ts';
import type { Silence } from '../model/silence.ts';
import { type ClusterSpec, replicaZones } from '../model/spec.ts';
import type { Step } from '../plan/step.ts';
import { outdatedBy } from '../plan/step.ts';
import { keepAddons } from './addons.ts';
import { apiAt } from './api.ts';
import { operatorKey } from './keys.ts';
import { admissionWatch } from './observe-admission.ts';
import { observeMembers } from './observe-members.ts';
import { observeNodeObjects } from './observe-nodes.ts';
import { execute } from './steps/index.ts';
import type { Progress, Tools } from './tools.ts';
import { wantedRevisions } from './wanted.ts';

/** A machine that answers at all gives a first sign of life in this time; after one silence the next look is shorter. */
const LOOK_MS = 3000;
const SECOND_LOOK_MS = 1000;
/** One that has given a sign of life is slow, not dead: this is for its log-in and for its first answer. */
const PATIENT_MS = 20_000;
/** A look may take so many times what the last one took. */
const SLOWER = 4;
/** For a question to one member of etcd, and on a slow machine: who has lost a majority is to be told so within ten seconds. */
const MEMBER_MS = 2000;
const SLOW_MEMBER_MS = 4000;
/** How long a look inside waits for a component that hangs, as an API server does without a quorum: that is no slowness. */
const COMPONENTS_MS = 2000;
/** A client of the API. */
const ANSWER_MS = 2000;
/** A machine that was just told to do something. */
const WORK_MS = 60_000;

export type WorldParts = Omit<Tools, 'session' | 'drop' | 'seen' | 'etcd'> & {
  readonly pool: SessionPool;
  /** Makes the client of a member of etcd, over a session. */
  readonly etcdClients: () => Promise<(replica: string, session: () => Promise<Session>) => EtcdClient>;
};

type Met<I> = Pick<SeenMachine<I>, 'inside' | 'silence' | 'words'>;

interface Cloud extends Pick<Observation, 'network' | 'address' | 'balancer'> {
  readonly routes: NodesObservation['routes'];
  readonly serviceNodes: NodesObservation['serviceNodes'];
  readonly at: number;
  readonly machines: readonly Machine[];
}

/** The real world: one cluster's cloud, machines, etcd and store, under its lock. */
export class RealWorld implements ChangeableWorld {
  readonly #parts: WorldParts;
  readonly #tools: Tools;
  readonly #silent = new Set<string>();
  /** What the last look inside took, ms. */
  readonly #took = new Map<string, number>();
  readonly #hosts = new Map<string, string>();
  readonly #refusedWrites = admissionWatch();
  #last: Observation = nothing;
  #cloud: Cloud | null = null;
  readonly #insides = new Map<string, { readonly at: number; readonly met: Met<Inside | NodeInside> }>();

  constructor(parts: WorldParts) {
    this.#parts = parts;
    this.#tools = {
      ...parts,
      seen: () => this.#last,
      session: (replica, timeoutMs = WORK_MS) => this.session(replica, timeoutMs),
      drop: (replica) => {
        parts.pool.drop(replica);
        // It may be reached elsewhere next.
        this.#hosts.delete(replica);
      },
      etcd: async (replica) => (await parts.etcdClients())(replica, () => this.session(replica, LOOK_MS)),
    };
  }

  spec(): ClusterSpec {
    return this.#parts.memory.spec;
  }

  /** Of a cluster that is about to be made. */
  keepAddons(addons: readonly Addon[]): Promise<void> {
    return keepAddons(this.#tools.secrets, addons);
  }

  /** The cluster itself notes what is put to work, before anything is: an older copy of the store is told by that. */
  async save(spec: ClusterSpec): Promise<void> {
    const { memory, signal } = this.#parts;
    await memory.updateSpec(() => spec);
    if (spec.deleting) return;
    const reached = this.#last.machines.filter(({ inside }) => inside?.provisioned);
    const noted = reached.map(async ({ name }) =>
      noteStoreRevision(await this.session(name, WORK_MS), memory.revision, { signal }),
    );
    // One that cannot be told now is no reason to stop: the others know.
    await Promise.allSettled(noted);
    signal.throwIfAborted();
  }

  /** Over SSH, so far. */
  get commands(): number {
    return this.#parts.pool.commands;
  }

  interruption(spec: ClusterSpec): Interruption {
    return this.#parts.provider.interruption(replicaZones(spec));
  }

  async execute(step: Step, progress: Progress, halfway: Halfway): Promise<void> {
    await execute(this.#tools, step, progress, halfway);
    if (step.kind === 'delete-network') this.#last = { ...this.#last, deleted: true };
  }

  async observe(since?: readonly Step[]): Promise<Observation> {
    const { memory } = this.#parts;
    this.#forget(since);
    const { network, address, balancer, machines, routes, serviceNodes } = await this.#seeCloud();
    const [looked, nodeMachines] = await Promise.all([
      Promise.all(machines.filter(({ role }) => role === 'master').map((machine) => this.#look(machine))),
      Promise.all(machines.filter(({ role }) => role === 'node').map((machine) => this.#lookAtNode(machine))),
    ]);
    const { bootstrapped } = memory.spec;
    const stays = bootstrapped && !memory.spec.deleting;
    const [etcd, objects] = await Promise.all([
      stays ? this.#members(looked) : nothing.etcd,
      stays ? this.#nodeObjects(address, nodeMachines.length) : null,
    ]);
    // They change seldom, and a change is planned from a look at everything.
    const refused =
      since === undefined && address && etcd.readable
        ? await this.#refusedWrites(await apiAt(this.#parts, address.ip), this.#parts.signal)
        : this.#last.refusedWrites;
    // Nor does what is wanted: it follows from the spec.
    const wanted =
      since === undefined
        ? await wantedRevisions({
            ...this.#tools,
            seen: () => ({ ...this.#last, address, balancer, machines: looked }),
          })
        : this.#last.wanted;
    this.#last = {
      bootstrapped,
      network,
      address,
      balancer,
      machines: looked,
      etcd,
      nodes: { machines: nodeMachines, objects, routes, serviceNodes },
      storeRevision: memory.revision,
      deleted: this.#last.deleted,
      ...(refused === undefined ? {} : { refusedWrites: refused }),
      wanted,
    };
    return this.#last;
  }

  /**
   * Why a client is not answered at the API address that was seen last; null when it is, and while nobody has been given
   * the address yet. Everything can be in its place and the way to it closed all the same.
   */
  async unanswered(timeoutMs = ANSWER_MS): Promise<string | null> {
    const { bootstrapped, address } = this.#last;
    if (!bootstrapped || !address || address.holder.kind === 'nobody') return null;
    return isReady(await apiAt(this.#parts, address.ip), timeoutMs).then(() => null, message);
  }

  /** What is outdated, or too old, is looked at again. */
  #forget(since: readonly Step[] | undefined): void {
    const stale = Date.now() - REUSE_MS;
    const outdated = since?.map(outdatedBy);
    const cloud = this.#cloud && this.#cloud.at > stale && outdated?.every((each) => !each.cloud);
    if (!cloud) this.#cloud = null;
    for (const [name, { at }] of this.#insides) {
      const kept = at > stale && outdated?.every((each) => each.inside !== name);
      if (!kept) this.#insides.delete(name);
    }
  }

  async #seeCloud(): Promise<Cloud> {
    if (this.#cloud) return this.#cloud;
    const { provider } = this.#parts;
    const at = Date.now();
    const [network, address, balancer, machines] = await Promise.all([
      provider.network.ready(),
      provider.address.read(),
      provider.balancer.read(),
      provider.machines.list(),
    ]);
    // Where there are no nodes, nobody has asked for their routes.
    const nodes = network && (machines.some(({ role }) => role === 'node') || this.spec().nodes.length > 0);
    const [routes, serviceNodes] = nodes
      ? await Promise.all([provider.network.routes.list(), provider.services?.nodes() ?? null])
      : [null, null];
    this.#cloud = { at, network, address, balancer, machines, routes, serviceNodes };
    return this.#cloud;
  }

  /** @throws SshError `unreachable`; Error when the machine is not known to run. */
  async session(replica: string, timeoutMs: number): Promise<Session> {
    const host = this.#hosts.get(replica) ?? (await this.#hostOf(replica));
    const { privateKey } = await operatorKey(this.#parts.secrets);
    return this.#parts.pool.session(
      { what: replica, host, privateKey, pin: this.#parts.memory.pinRecord(replica) },
      { timeoutMs, patientMs: PATIENT_MS, signal: this.#parts.signal },
    );
  }

  async #members(machines: readonly MachineObservation[]): Promise<EtcdObservation> {
    const clientOf = await this.#parts.etcdClients();
    return observeMembers({
      machines,
      before: this.#last.etcd,
      clientOf: (replica) => clientOf(replica, () => this.session(replica, LOOK_MS)),
      timeoutMs: Math.min(
        SLOW_MEMBER_MS,
        Math.max(MEMBER_MS, ...[...this.#took.values()].map((ms) => SLOWER * ms)),
      ),
      reads: () => this.#readsWithQuorum(),
      signal: this.#parts.signal,
    });
  }

  /** An object that is asked for by its name, at no version, is read from etcd with a quorum, whatever is cached. */
  async #readsWithQuorum(): Promise<boolean> {
    const ip = this.#cloud?.address?.ip;
    if (!ip) return false;
    try {
      const api = await apiAt(this.#parts, ip);
      const path = '/api/v1/namespaces/kube-system';
      return (await callApi(api, { path, timeoutMs: ANSWER_MS, signal: this.#parts.signal })).status === 200;
    } catch {
      return false;
    }
  }

  /** Only where there are nodes: to a cluster of masters alone the API's word on them is worth no request. */
  async #nodeObjects(address: ApiAddress | null, machines: number): Promise<NodesObservation['objects']> {
    if (!address || address.holder.kind === 'nobody') return null;
    if (machines === 0 && this.spec().nodes.length === 0) return null;
    return observeNodeObjects(() => apiAt(this.#parts, address.ip), this.spec(), this.#parts.signal);
  }

  async #hostOf(replica: string): Promise<string> {
    const machines = await this.#parts.provider.machines.list();
    const host = machines.find((machine) => machine.name === replica)?.sshHost;
    if (!host) throw new Error(`the machine ${replica} does not run`);
    this.#hosts.set(replica, host);
    return host;
  }

  async #look(machine: Machine): Promise<MachineObservation> {
    const { uid, apiPort } = this.spec();
    return this.#looked(machine, (session, timeoutMs) =>
      inspect(session, { uid, name: machine.name, apiPort }, { timeoutMs }),
    );
  }

  #lookAtNode(machine: Machine): Promise<NodeMachine> {
    const { uid } = this.spec();
    return this.#looked(machine, (session, timeoutMs) =>
      inspectNode(session, { uid, name: machine.name }, { timeoutMs }),
    );
  }

  async #looked<I extends Inside | NodeInside>(machine: Machine, ask: Ask<I>) {
    const { name, zone, state, internalIp, externalIp, sshHost } = machine;
    if (sshHost) this.#hosts.set(name, sshHost);
    else this.#hosts.delete(name);
    const met = state === 'running' && sshHost ? await this.#insideOf(name, ask) : { inside: null };
    return { name, zone, state, internalIp, externalIp, ...met };
  }

  async #insideOf<I extends Inside | NodeInside>(name: string, ask: Ask<I>): Promise<Met<I>> {
    const kept = this.#insides.get(name);
    if (kept) return kept.met as Met<I>;
    const at = Date.now();
    const met = await this.#inside(name, ask);
    this.#insides.set(name, { at, met });
    return met;
  }

  /**
   * A machine without a host key of its own is the provisioning's affair: looking must not wait for its boot. Nor may a
   * look, which has no lock, give it that key and save it: the command that has the lock would find its store changed.
   */
  async #inside<I>(name: string, ask: Ask<I>): Promise<Met<I>> {
    const { memory, signal } = this.#parts;
    if (memory.spec.deleting || !memory.pin(name)?.own) return { inside: null };
    const timeoutMs = this.#silent.has(name) ? SECOND_LOOK_MS : LOOK_MS;
    try {
      const session = await this.session(name, timeoutMs);
      const usual = Math.max(timeoutMs, SLOWER * (this.#took.get(name) ?? 0));
      const began = Date.now();
      const inside = await ask(session, session.answered ? usual : PATIENT_MS);
      const took = Date.now() - began;
      this.#took.set(name, Math.min(PATIENT_MS, took > COMPONENTS_MS ? took - COMPONENTS_MS : took));
      this.#silent.delete(name);
      return { inside };
    } catch (error) {
      signal.throwIfAborted();
      this.#silent.add(name);
      this.#parts.emit({
        type: 'progress',
        topic: `look ${name}`,
        message: `${name} does not answer: ${message(error)}`,
      });
      return { inside: null, silence: silence(error), words: message(error) };
    }
  }
}

/** Asks a machine about itself. */
type Ask<I> = (session: Session, timeoutMs: number) => Promise<I>;

function silence(error: unknown): Silence {
  if (error instanceof HostKeyError) return 'other-key';
  if (error instanceof ReplicaError) return 'no-answer';
  if (!(error instanceof SshError)) return 'unknown';
  if (error.kind === 'not-run' || error.kind === 'forbidden') return error.kind;
  if (error.kind === 'timeout') return 'slow';
  return error.kind === 'too-long' || error.kind === 'lost' ? 'no-answer' : (error.reached ?? 'unknown');
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
