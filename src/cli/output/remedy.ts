import type { Warning } from '../../cluster/model/warning.ts';
import { shellQuote } from '../../ssh/quote.ts';
import type { CommandRemedy, Remedy, SettingName, SettingRemedy, SwitchName } from '../../util/remedy.ts';
import type { Flag } from '../flag.ts';
import * as flags from '../flags.ts';

/** What the failed command was about, as far as it is known: the next one is told the same. */
export interface About {
  readonly cluster?: string | undefined;
  /** As the user named it; undefined: the default one, which the next command finds by itself. */
  readonly store?: string | undefined;
}

const switches: Record<SwitchName, Flag<unknown>> = {
  abandon: flags.abandon,
  finalize: flags.finalize,
  finishRotation: flags.finishRotation,
  force: flags.forceRotation,
  multizone: flags.multizone,
  rollback: flags.rollback,
};

const settings: Record<SettingName, Flag<unknown>> = {
  acts: flags.acts,
  backup: flags.backup,
  cluster: flags.cluster,
  diskSize: flags.diskSize,
  etcdVersion: flags.etcdVersion,
  gone: flags.gone,
  image: flags.image,
  kubernetesVersion: flags.kubernetesVersion,
  machineType: flags.machineType,
  network: flags.network,
  project: flags.project,
  sshFrom: flags.sshFrom,
  store: flags.common.store,
  subnets: flags.subnets,
  timeout: flags.common.timeout,
  withoutBackup: flags.withoutBackup,
  workload: flags.workload,
  zone: flags.zone,
};

/** A way out as people read it: `start what has stopped: haup repair -c demo`. */
export function sayRemedy(remedy: Remedy, about: About): string {
  if (typeof remedy === 'string') return remedy;
  return `${remedy.to}: ${'command' in remedy ? commandLine(remedy, about) : settingText(remedy)}`;
}

/** A warning as people read it. */
export function sayWarning(warning: Warning, about: About): string {
  return typeof warning === 'string' ? warning : `${warning.says}; ${sayRemedy(warning.remedy, about)}`;
}

/** What the engine says, in sentences: what is printed in the end, as text and as a document. */
export function spelled<T extends { readonly warnings: readonly Warning[] }>(
  seen: T,
  about: About,
): Omit<T, 'warnings'> & { readonly warnings: readonly string[] } {
  return { ...seen, warnings: seen.warnings.map((warning) => sayWarning(warning, about)) };
}

/** The one place where a command is spelled, whole, so that it can be copied. */
export function commandLine(remedy: Omit<CommandRemedy, 'to'>, about: About): string {
  const cluster = remedy.cluster ?? about.cluster;
  return [
    `haup ${remedy.command}`,
    ...(cluster !== undefined && remedy.command !== 'list'
      ? [`-${flags.cluster.short}`, shellQuote(cluster)]
      : []),
    ...(about.store !== undefined ? [`--${flags.common.store.name}`, shellQuote(about.store)] : []),
    ...(remedy.switches ?? []).map((name) => `--${switches[name].name}`),
    ...(remedy.fenced ?? []).flatMap((name) => [`--${flags.fenced.name}`, name]),
    ...(remedy.replicas ?? []),
    ...(remedy.run !== undefined ? ['--', remedy.run] : []),
  ].join(' ');
}

function settingText({ setting, example }: SettingRemedy): string {
  const { name } = settings[setting];
  return example === undefined ? `--${name}` : `--${name} ${example}`;
}
