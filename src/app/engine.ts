import type { Addon } from '../addons/addons.ts';
import type { Backup } from '../backup/list.ts';
import type { HaupEvent } from '../cluster/loop/events.ts';
import type { DrainPolicy } from '../cluster/plan/decision.ts';
import type { Removal } from '../cluster/plan/spec-changes.ts';
import type { AvailabilityReport } from '../lb/availability.ts';
import type { FaultKind } from '../providers/provider.ts';
import type { LockOwner } from '../state/errors.ts';
import type { Variables } from '../util/variables.ts';
import type { ApplyOptions } from './apply.ts';
import type { PruneRequest } from './backups/backup.ts';
import type { BackupWish, TakenBackup } from './backups/backup-parts.ts';
import type { RestoreRequest } from './backups/restore-store.ts';
import type { Verified } from './backups/verify-backup.ts';
import type { DrillOutcome, DrillRequest } from './drill.ts';
import type { Disbanded, Disbanding, FederationStatus } from './federation/federations.ts';
import type { NamesWish } from './federation/init.ts';
import type { MemberDns } from './federation/member-dns.ts';
import type { JoinMember, LeaveMember, MemberOutcome } from './federation/members.ts';
import type { GuardOutcome, GuardRequest } from './guard.ts';
import type { Access, IssuedKubeconfig, NewKubeconfig } from './kubeconfig.ts';
import type { NewCluster } from './new-cluster.ts';
import type { JoinCommand } from './nodes/join-command.ts';
import type { ChangeOutcome } from './operations.ts';
import type { RotateRequest } from './rotation/rotate.ts';
import type { StatusWithDeeds } from './status.ts';
import type { RollOptions, UpgradeRequest } from './upgrade.ts';

/** What the command line needs of the engine. */
export interface Engine {
  create(request: CreateRequest): Promise<Outcome>;
  addReplicas(request: {
    readonly cluster: string;
    /** One a new replica. */
    readonly zones: readonly string[];
    readonly dryRun: boolean;
  }): Promise<Outcome>;
  removeReplicas(request: RemoveRequest): Promise<Outcome>;
  replaceReplicas(request: {
    readonly cluster: string;
    readonly names: readonly string[];
    readonly dryRun: boolean;
  }): Promise<Outcome>;
  addNodes(request: {
    readonly cluster: string;
    /** One a new node; null: where the cluster's first replica was made. */
    readonly zones: readonly (string | null)[];
    readonly dryRun: boolean;
  }): Promise<Outcome>;
  removeNodes(request: RemoveRequest & { readonly drain: DrainPolicy }): Promise<Outcome>;
  replaceNodes(request: {
    readonly cluster: string;
    readonly names: readonly string[];
    readonly drain: DrainPolicy;
    readonly dryRun: boolean;
  }): Promise<Outcome>;
  repair(request: {
    readonly cluster: string;
    readonly abandon: boolean;
    readonly dryRun: boolean;
  }): Promise<Outcome>;
  /** Without `loses` nothing is given up for ever: then such a plan is only made, and not executed. */
  rescue(request: {
    readonly cluster: string;
    readonly fenced: readonly string[];
    /** Restored whoever survived; absent: the newest one, if nobody did. */
    readonly backup?: string | undefined;
    readonly loses: boolean;
    readonly dryRun: boolean;
  }): Promise<Outcome>;
  enableBackups(
    request: BackupWish & { readonly cluster: string; readonly dryRun: boolean },
  ): Promise<Outcome>;
  disableBackups(request: { readonly cluster: string; readonly dryRun: boolean }): Promise<Outcome>;
  createBackup(cluster: string): Promise<TakenBackup>;
  /** The newest first. */
  backups(cluster: string): Promise<readonly Backup[]>;
  /** Makes what a lost store had of a cluster again, out of a backup. */
  restoreStore(request: RestoreRequest & { readonly dryRun: boolean }): Promise<Backup>;
  verifyBackup(request: { readonly cluster: string; readonly backup: string | undefined }): Promise<Verified>;
  /** @returns how many are left. */
  pruneBackups(request: PruneRequest & { readonly cluster: string }): Promise<number>;
  renew(request: {
    readonly cluster: string;
    /** Whatever is left of their lives. */
    readonly all: boolean;
    readonly dryRun: boolean;
  }): Promise<Outcome>;
  rotate(request: RotateRequest & { readonly cluster: string; readonly dryRun: boolean }): Promise<Outcome>;
  upgrade(
    request: {
      readonly cluster: string;
      readonly to: UpgradeRequest;
    } & RollOptions,
  ): Promise<Outcome>;
  /** Makes these the user's add-ons, and no others. */
  setAddons(request: {
    readonly cluster: string;
    readonly addons: readonly Addon[];
    readonly dryRun: boolean;
  }): Promise<Outcome>;
  apply(
    request: {
      readonly cluster: string;
      /** As it was parsed: what it says is checked here. */
      readonly document: unknown;
    } & ApplyOptions,
  ): Promise<Outcome>;
  /** The document that would change nothing. */
  configOf(cluster: string): Promise<object>;
  delete(request: { readonly cluster: string; readonly dryRun: boolean }): Promise<Outcome>;
  status(cluster: string): Promise<StatusNow>;
  /** Moves a cluster to the store at `to`. False: it was there already, as an interrupted move left it. */
  moveStore(request: {
    readonly cluster: string;
    readonly to: string;
    readonly dryRun: boolean;
  }): Promise<boolean>;
  list(): Promise<ClusterList>;
  kubeconfig(
    cluster: string,
    options: Access & { readonly endpoint: 'address' | 'dns' },
  ): Promise<NewKubeconfig>;
  /** Of those that were handed out, the ones that have not ended; the newest last. */
  issuedKubeconfigs(cluster: string): Promise<readonly IssuedKubeconfig[]>;
  joinCommand(cluster: string, options: { readonly minutes: number }): Promise<JoinCommand>;
  ssh(cluster: string, replica: string | undefined, command: readonly string[]): Promise<number>;
  initFederation(request: InitRequest): Promise<Outcome>;
  joinFederation(request: JoinMember): Promise<MemberOutcome>;
  unjoinFederation(request: LeaveMember): Promise<MemberOutcome>;
  /** False: there was nothing to do. */
  putMemberDns(request: MemberDns): Promise<boolean>;
  /** Absent: of the only one there is. */
  federationStatus(federation: string | undefined): Promise<FederationStatus>;
  /** All its members leave; what could not be done in some, in words. */
  disbandFederation(request: Disbanding): Promise<Disbanded>;
  /** Breaks things on purpose. */
  drill(request: DrillRequest): Promise<DrillOutcome>;
  /** What a cluster's reports are signed with, PEM; null: nothing is known of it here. */
  drillKey(cluster: string): Promise<string | null>;
  /** One look, and at most one deed. */
  guard(request: GuardRequest): Promise<GuardOutcome>;
  fault(cluster: string, kind: FaultKind, target: string): Promise<readonly string[]>;
}

type Resolved = 'region' | 'kubernetesVersion' | 'etcdVersion';

/** A new cluster as it is asked for: what nobody says follows from the rest, or is haup's choice. */
export type CreateRequest = Omit<NewCluster, Resolved> & {
  readonly [K in Resolved]: NewCluster[K] | undefined;
} & { readonly backup: BackupWish | undefined; readonly dryRun: boolean };

export type InitRequest = CreateRequest & {
  readonly names: NamesWish;
};

export type RemoveRequest = Removal & { readonly cluster: string; readonly dryRun: boolean };

/** What is, and who is changing it. */
export interface StatusNow extends StatusWithDeeds {
  /** The haup that has the cluster's lock; null: nothing is under way. */
  readonly operation: LockOwner | null;
}

/** With what clients met whenever the API address moved. */
export interface Outcome extends ChangeOutcome {
  readonly availability: readonly AvailabilityReport[];
}

export interface ClusterList {
  readonly clusters: readonly ClusterSummary[];
  /** Why each of the others could not be read. */
  readonly unreadable: readonly Error[];
}

interface ClusterSummary {
  readonly name: string;
  readonly provider: string;
  readonly region: string;
  readonly replicas: number;
  readonly kubernetesVersion: string;
}

export interface EngineOptions {
  readonly environment: Variables;
  readonly store: string;
  /** The file of the key that secrets in a bucket are sealed for; null: none. */
  readonly storeIdentity: string | null;
  readonly signal: AbortSignal;
  readonly emit: (event: HaupEvent) => void;
  /** Whether the API is read all the time that a change takes, each read an event. Default: no. */
  readonly reads?: boolean;
  /** For each call. */
  readonly timeoutMs: number;
}

export type OpenEngine = (options: EngineOptions) => Promise<Engine>;
