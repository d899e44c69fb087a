import type { Variables } from '../util/variables.ts';
import type { Network, ServiceAddresses } from './networks.ts';

/**
 * The provider contract: machines, the API address, the load balancer and the network rules of one cloud, in one
 * vocabulary. `test/contract` is its executable form and runs against every provider.
 *
 * Every call is idempotent: called again after a lost reply or a crash in its middle it finishes the job. Every call
 * returns when the cloud has settled: operations and waiters do not leak out. Every failure is a {@link ProviderError}.
 * Everything created is labelled with the cluster's uid, and is found again by that label, never by a name prefix.
 */

/** What every provider needs to know of a cluster. Fixed for the cluster's life. */
export interface ClusterIdentity {
  /** As the user named it: a DNS label, at most 40 characters. */
  readonly name: string;
  /** 16 random lower-case hex digits, made at create; the label value that decides ownership. */
  readonly uid: string;
  readonly region: string;
  /** The zone of the first replica. */
  readonly zone: string;
  /** TCP port of the API server, on the machines and on the API address. */
  readonly apiPort: number;
}

/** Who has the API address now. `nobody` is only seen inside a crash. */
export type Holder =
  | { readonly kind: 'machine'; readonly name: string }
  | { readonly kind: 'balancer' }
  | { readonly kind: 'nobody' };

/** Who can be given the API address. */
export type Receiver = Exclude<Holder, { readonly kind: 'nobody' }>;

/**
 * States in between (pending, stopping) pass while a look waits for some seconds. A machine that stays in one is `stopped`: it does not run,
 * and must not hide the others. Only what starts, makes or deletes it waits longer.
 */
export type MachineState = 'running' | 'stopped';

/** What a machine is for: a master replica, or a node that runs pods. */
export type MachineRole = 'master' | 'node';

export interface Machine {
  /** The replica's or the node's name; the machine is named the same. */
  readonly name: string;
  /** `master` for machines that were made before machines had roles. */
  readonly role: MachineRole;
  readonly zone: string;
  readonly state: MachineState;
  readonly internalIp: string;
  /** A public address of its own: ephemeral, or the API address while the machine holds it. */
  readonly externalIp: string | null;
  /** Where haup reaches sshd now; null when it cannot be reached (stopped). */
  readonly sshHost: string | null;
}

export interface MachineRequest {
  readonly name: string;
  /** Fixed for the machine's life: another role for a machine that exists is a `conflict`. */
  readonly role: MachineRole;
  readonly zone: string;
  /** A `#!/bin/sh` script that the machine runs at its first boot, at most 12 KiB, without secrets that outlive it. */
  readonly bootScript: string;
  /** Identifies this request to the cloud: the same for a retry of one call, another after any terminal answer. */
  readonly requestToken: string;
}

export interface Machines {
  /** Every machine of the cluster, orphans included, in name order. */
  list(): Promise<readonly Machine[]>;
  /** Resolves when the machine runs; with `sshHost` set. Its sshd may not answer yet. `not-found` without a network. */
  create(request: MachineRequest): Promise<Machine>;
  /** Starts a stopped machine, its disk as it was. */
  start(name: string): Promise<Machine>;
  /**
   * Stops a machine for a drill, as suddenly as the cloud can; `start` gives it its power back. One that has stopped is no error. Missing
   * where {@link Provider.fault} pulls the cord. @throws `not-found`
   */
  stop?(name: string): Promise<void>;
  /**
   * Restarts a machine for a drill, as suddenly as the cloud can, and keeps its addresses; begun when it returns. Missing where
   * {@link Provider.fault} does it. @throws `not-found`, and `conflict` for one that does not run
   */
  reset?(name: string): Promise<void>;
  /** Deletes machine and disk, and the routes that lead to it. A machine that does not exist is no error. */
  delete(name: string): Promise<void>;
  /** How the cloud's own controller manager calls it: a Node's providerID. Missing where there is none. @throws `not-found` */
  providerId?(name: string): Promise<string>;
}

export interface ApiAddress {
  readonly ip: string;
  readonly holder: Holder;
  /** The zone that the address lives in, where the cloud ties it to one (AWS). */
  readonly zone?: string | null;
  /** Why no packet reaches the address though it is held: its zone is lost. `handOver` to the same holder moves it. */
  readonly lost?: string | null;
}

export interface Address {
  /** Reserves the cluster's static address. */
  reserve(): Promise<ApiAddress>;
  /** Null when none is reserved. */
  read(): Promise<ApiAddress | null>;
  /**
   * Moves the address to a running machine or to the (complete) balancer. Everything slow is done before the address
   * is taken from its owner; a failure leaves it where it was or where it should be, and a crash in the middle leaves
   * a state from which the same call finishes. Cuts connections through the address on a real cloud.
   */
  handOver(to: Receiver): Promise<void>;
  /** Gives the address back to the cloud. Nothing to release is no error; `conflict` while somebody holds it. */
  release(): Promise<void>;
}

export type TargetHealth = 'healthy' | 'unhealthy' | 'draining';

export interface Target {
  readonly replica: string;
  readonly health: TargetHealth;
}

export interface BalancerState {
  readonly name: string;
  /** False while a crash has left it half made: `ensure` completes it. */
  readonly complete: boolean;
  readonly targets: readonly Target[];
  /** A DNS name of its own, where the cloud gives one (AWS): goes onto the serving certificates. */
  readonly dnsName: string | null;
}

export interface Balancer {
  /** Null when no part of it exists. */
  read(): Promise<BalancerState | null>;
  /** Everything but the API address: listeners, health check, groups. Zones are all zones that may hold targets. */
  ensure(zones: readonly string[]): Promise<void>;
  /**
   * Makes exactly these machines the targets. Resolves when an added target is healthy (or after the provider's time
   * limit with a `transient` error naming it), and when a removed target is drained: no new connection reaches it.
   */
  setTargets(machines: readonly string[]): Promise<void>;
  delete(): Promise<void>;
}

/** How long clients will be without the API address while it moves. Seconds; [expected, at worst]. */
export interface Interruption {
  readonly promotion: readonly [number, number];
  readonly demotion: readonly [number, number];
  /** Straight from one machine to another. */
  readonly replacement: readonly [number, number];
  /** What else an operator should know of it, as a sentence; null when there is nothing. */
  readonly note: string | null;
}

export type FaultKind = 'power-off' | 'power-on' | 'freeze' | 'thaw' | 'isolate' | 'heal' | 'wipe-disk';

/** Where a machine's Kubernetes and etcd binaries come from. */
export type BinarySource =
  /**
   * The provider shows the operator's artifact cache, read-only, inside each machine: at `path` the release that the machine booted with,
   * at `releases` a folder for each release, on masters: those too that come later. On nodes at `images` the archives of images that haup
   * has built.
   */
  | {
      readonly kind: 'mounted';
      readonly path: string;
      readonly releases: string;
      readonly images: string;
    }
  /** The machine downloads them itself. */
  | { readonly kind: 'download' };

/** In what the clouds differ as far as the loop is concerned. */
export interface Capabilities {
  /** Connections through the API address go on when it moves; elsewhere they are cut, haup's own SSH included. */
  readonly keepsConnections: boolean;
  /** Packets for the API address reach a machine with that address still on them: the machine must take it for its own. */
  readonly deliversToApiAddress: boolean;
  /** Machines know a resolver for the names of the world, which pods may ask too. */
  readonly resolvesNames: boolean;
  /** Machines reach other clusters, as long as these let them in; elsewhere those of their {@link Groups} alone. */
  readonly reachesOthers: boolean;
}

export interface Provider {
  /** As the registry calls it. */
  readonly name: string;
  readonly capabilities: Capabilities;
  /**
   * Names what is missing on this host or in the credentials, and the command that mends it, as a `preflight` error. With
   * the number of machines that are to be made, also whether there is room for them.
   */
  preflight(machines?: number): Promise<void>;
  /**
   * The project or the account that it works in, as settings: they become the cluster's when it is made, so that it stays there whatever
   * later credentials are for. Empty where that cannot be told; missing where there is but one.
   */
  home?(): Promise<Home>;
  /** The zones of the cluster's region, in order. Throws `not-found` for an unknown region. */
  zones(): Promise<readonly string[]>;
  readonly machines: Machines;
  readonly address: Address;
  readonly balancer: Balancer;
  readonly network: Network;
  /** Missing where the cloud's own controller gives Services their addresses. */
  readonly services?: ServiceAddresses;
  readonly binaries: BinarySource;
  /** How long the balancer's health check needs to notice that a target is no longer ready: a stopping API server serves on for that long. Seconds. */
  readonly drainSeconds: number;
  interruption(zones: readonly string[]): Interruption;
  /** Only the local provider can hurt its machines. Those that lose their power lose it at once, as a zone does. */
  fault?(kind: FaultKind, ...machines: readonly string[]): Promise<void>;
  /** Ends what balances, and leaves the rest of it as it is: `balancer.ensure` mends it. Missing where nobody can. */
  faultBalancer?(): Promise<void>;
  /** Closes connections and timers. */
  close(): Promise<void>;
}

/** What the user configures of a provider; which of them a provider reads is its own affair, the rest is refused. */
export interface ProviderSettings {
  readonly project?: string | undefined;
  /** Where credentials alone say it: haup writes it down ({@link Provider.home}), and no user does. Others are refused by `preflight`. */
  readonly account?: string | undefined;
  readonly machineType?: string | undefined;
  readonly diskSizeGb?: number | undefined;
  /** In the cloud's own words. */
  readonly diskType?: string | undefined;
  readonly image?: string | undefined;
  readonly network?: string | undefined;
  readonly subnets?: readonly string[] | undefined;
  /** Of nodes; the masters' unless given. */
  readonly nodeMachineType?: string | undefined;
  readonly nodeDiskSizeGb?: number | undefined;
  /** CIDRs that may reach the API port. */
  readonly allowFrom?: readonly string[] | undefined;
  /** CIDRs that may reach port 22; default: the operator's own address. */
  readonly sshFrom?: readonly string[] | undefined;
}

export type Home = Pick<ProviderSettings, 'project' | 'account'>;

export interface ProviderOptions {
  readonly cluster: ClusterIdentity;
  readonly settings: ProviderSettings;
  /** Aborts waits and retries. */
  readonly signal: AbortSignal;
  /** What is being waited for, for the live display: "demo-master: waiting for the instance to run". */
  readonly progress: (message: string) => void;
  /** Where artifacts and machine images are kept on the operator's machine. */
  readonly cacheFolder: string;
  /** Folder of the binaries of this cluster's versions on the operator's machine (for `mounted`). */
  readonly binariesFolder: string;
  /** Folder of the folders of all releases there (for `mounted`); absent: of this cluster's alone. */
  readonly releasesFolder?: string;
  /** The same for nodes (for `mounted`); a cluster of masters alone has none. */
  readonly nodeBinariesFolder?: string;
  /** The range of all pods of all nodes, where firewall rules name it: packets between pods have no machine's address. */
  readonly podRange?: string;
  /** What the operator's environment says to this provider; no other variables are read below cli/. */
  readonly environment: Variables;
}

/** Each provider's `index.ts` exports one of these as `open`; it does no I/O. */
export type OpenProvider = (options: ProviderOptions) => Provider;
