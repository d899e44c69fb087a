/**
 * A way out of a failure, as data: words for what lies outside of haup, else which command with which arguments, or which setting.
 * Only the command line knows how its commands and flags are spelled (cli/output/remedy.ts).
 */
export type Remedy = string | CommandRemedy | SettingRemedy;

export interface CommandRemedy {
  /** What it is good for, an imperative: "start what has stopped". */
  readonly to: string;
  readonly command: CommandName;
  /** Absent: the cluster that the failed command was about. */
  readonly cluster?: string;
  /** Its operands: replicas, or what is rotated, in the order of the command line. */
  readonly replicas?: readonly string[];
  readonly switches?: readonly SwitchName[];
  /** Machines of which the operator says that they stay away, for `rescue`. */
  readonly fenced?: readonly string[];
  /** What runs on the replica, for `ssh`. */
  readonly run?: string;
}

/** Give the same command another value. */
export interface SettingRemedy {
  /** An imperative: "name a public subnet in another zone". */
  readonly to: string;
  readonly setting: SettingName;
  /** One that could be given. */
  readonly example?: string;
}

/** The commands that are somebody's way out, as the command line names them. */
export type CommandName =
  | 'add-replica'
  | 'backup create'
  | 'backup enable'
  | 'backup prune'
  | 'create'
  | 'delete'
  | 'kubeconfig'
  | 'list'
  | 'remove-node'
  | 'renew'
  | 'repair'
  | 'replace-node'
  | 'replace-replica'
  | 'rescue'
  | 'rotate'
  | 'ssh'
  | 'status'
  | 'upgrade';

export type SwitchName = 'abandon' | 'finalize' | 'finishRotation' | 'force' | 'multizone' | 'rollback';

/** The settings that are somebody's way out. */
export type SettingName =
  | 'acts'
  | 'backup'
  | 'cluster'
  | 'diskSize'
  | 'etcdVersion'
  | 'gone'
  | 'image'
  | 'kubernetesVersion'
  | 'machineType'
  | 'network'
  | 'project'
  | 'sshFrom'
  | 'store'
  | 'subnets'
  | 'timeout'
  | 'withoutBackup'
  | 'workload'
  | 'zone';

/** One or several, the best first. */
export type Remedies = Remedy | readonly Remedy[];

export function remedyList(remedies: Remedies): readonly Remedy[] {
  return Array.isArray(remedies) ? remedies : [remedies as Remedy];
}
