import { z } from 'zod';
import { parseEtcdVersion, parseKubernetesVersion } from '../artifacts/versions.ts';
import { InputError } from '../cluster/model/errors.ts';
import { type ClusterSpec, documentShape, type Revisable, revisable } from '../cluster/model/spec.ts';
import { upgraded } from '../cluster/plan/upgrade.ts';
import { COMPONENTS } from '../replicas/config.ts';
import { knownFlags, ownFlags } from '../replicas/flags.ts';
import { understood } from '../util/text/understood.ts';
import type { ChangeOutcome, Environment, OpenCluster } from './operations.ts';
import { revise } from './upgrade.ts';

/** The desired state of the masters, as users write it. What is not in it stays as it is. docs/cluster.schema.json is made of this. */
export const clusterDocument = z.strictObject({ cluster: z.string().optional(), ...documentShape }).partial();

export type ClusterDocument = z.infer<typeof clusterDocument>;

/** @throws InputError that names what is wrong, and where. */
export function readDocument(value: unknown): ClusterDocument {
  return understood(clusterDocument, value, (how) => new InputError(how), 'the document');
}

/** The present state as such a document. */
export function documentOf(spec: ClusterSpec): ClusterDocument {
  const { wayBack: _, generations: __, ...present } = revisable(spec);
  return { cluster: spec.name, ...present };
}

/** Gives the masters what a document says, replica by replica; nothing where they have it. */
export function apply(
  env: Environment,
  cluster: string,
  document: ClusterDocument,
  dryRun: boolean,
): Promise<ChangeOutcome> {
  if (document.cluster !== undefined && document.cluster !== cluster)
    throw new InputError(`the document is about ${document.cluster}, not about ${cluster}`);
  return env.locked(cluster, 'apply', (open) =>
    revise(env, open, (spec) => wantedBy(env, open, spec, document), { dryRun, withoutBackup: false }),
  );
}

async function wantedBy(
  env: Environment,
  open: OpenCluster,
  spec: ClusterSpec,
  { cluster: _, ...document }: ClusterDocument,
): Promise<Revisable | undefined> {
  const versions = {
    kubernetesVersion: parseKubernetesVersion(document.kubernetesVersion ?? spec.kubernetesVersion),
    etcdVersion: parseEtcdVersion(document.etcdVersion ?? spec.etcdVersion),
  };
  const other = upgraded(spec, versions);
  const next: Revisable = { ...(other ?? revisable(spec)), ...document, ...versions };
  const differences = differencesBetween(revisable(spec), next);
  for (const line of differences) env.emit({ type: 'progress', topic: `diff ${line}`, message: line });
  if (differences.length === 0) return undefined;
  const changed = differencesBetween(revisable(spec).extraArguments ?? {}, next.extraArguments ?? {});
  if (changed.length > 0) await checkArguments(env, open, spec, next, other !== undefined);
  return next;
}

async function checkArguments(
  { signal }: Environment,
  { world }: OpenCluster,
  spec: ClusterSpec,
  next: Revisable,
  otherVersion: boolean,
): Promise<void> {
  if (otherVersion)
    throw new InputError('other versions and other arguments are two changes: apply one, then the other');
  const known = await knownFlags(await world.session(spec.replicas[0]!.name), spec, { signal });
  for (const component of COMPONENTS) {
    for (const flag of Object.keys(next.extraArguments?.[component] ?? {})) {
      if (ownFlags(component).has(flag))
        throw new InputError(`extraArguments.${component}.${flag}: haup sets this itself, and relies on it`);
      if (!known[component].has(flag))
        throw new InputError(`extraArguments.${component}.${flag}: the installed program knows no such flag`);
    }
  }
}

/** `requestTimeoutSeconds: 60 → 61`, a line each. */
export function differencesBetween(before: object, after: object, path = ''): string[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return keys.flatMap((key) => {
    const [was, is] = [before, after].map((each) => (each as Record<string, unknown>)[key]);
    if (isObject(was) || isObject(is))
      return differencesBetween(Object(was ?? {}), Object(is ?? {}), `${path}${key}.`);
    return was === is ? [] : [`${path}${key}: ${was ?? 'not set'} → ${is ?? 'not set'}`];
  });
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
