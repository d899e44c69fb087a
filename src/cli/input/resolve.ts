import type { Source } from '../command.ts';
import { UsageError } from '../errors.ts';
import type { Flag, Flags, Values } from '../flag.ts';
import * as flagTable from '../flags.ts';

/** One text that sets a flag, and what to call it in an error. */
export interface Setting {
  readonly text: string;
  readonly label: string;
}

export interface Sources {
  /** By flag name. */
  readonly flags: ReadonlyMap<string, string>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** By flag name. */
  readonly file: ReadonlyMap<string, Setting>;
}

export interface Resolved<F extends Flags> {
  readonly values: Values<F>;
  readonly sources: { readonly [K in keyof F]: Source };
  /** What set each flag, as the user wrote it: `--zone`, `KUBE_GCE_ZONE`, `haup.yaml:3: zone`. */
  readonly labels: { readonly [K in keyof F]: string };
}

/**
 * The value of each flag: a flag beats a variable, a variable beats the file. An empty variable is not set.
 * @throws UsageError that names the flag, the variable or the file's line.
 */
export function resolveFlags<F extends Flags>(flags: F, from: Sources): Resolved<F> {
  const own = flags.provider as typeof flagTable.provider | undefined;
  const cloud = find(own ?? flagTable.provider, from, null)?.text ?? own?.fallback ?? null;
  const values: Record<string, unknown> = {};
  const sources: Record<string, Source> = {};
  const labels: Record<string, string> = {};
  for (const [key, flag] of Object.entries(flags)) {
    const found = find(flag, from, cloud);
    labels[key] = found?.label ?? `--${flag.name}`;
    sources[key] = found?.source ?? 'default';
    values[key] = found ? read(flag, found) : flag.fallback;
  }
  return {
    values: values as Values<F>,
    sources: sources as Resolved<F>['sources'],
    labels: labels as Resolved<F>['labels'],
  };
}

function find(
  flag: Flag<unknown>,
  from: Sources,
  cloud: string | null,
): (Setting & { source: Source }) | undefined {
  const typed = from.flags.get(flag.name);
  if (typed !== undefined) return { text: typed, label: `--${flag.name}`, source: 'flag' };
  for (const name of variablesOf(flag, cloud)) {
    const text = from.env[name];
    if (text) return { text, label: name, source: 'variable' };
  }
  const line = from.file.get(flag.name);
  return line && { ...line, source: 'file' };
}

/** `cloud` is null where the command is about a cluster whose provider only the store knows. */
function variablesOf(flag: Flag<unknown>, cloud: string | null): string[] {
  const others = (flag.variables ?? []).filter(
    ({ providers }) => providers === undefined || cloud === null || providers.some((name) => name === cloud),
  );
  return [variableOf(flag), ...others.map((variable) => variable.name)];
}

/** `--kubernetes-version` is also set by HAUP_KUBERNETES_VERSION. */
function variableOf(flag: Flag<unknown>): string {
  return `HAUP_${flag.name.replaceAll('-', '_').toUpperCase()}`;
}

function read(flag: Flag<unknown>, setting: Setting): unknown {
  try {
    return flag.parse(setting.text);
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(`${setting.label} ${error.message}`);
    throw error;
  }
}
