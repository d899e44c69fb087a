import type { z } from 'zod';
import { parseEtcdVersion, parseKubernetesVersion } from '../artifacts/versions.ts';
import type { Change } from '../cluster/loop/apply-change.ts';
import {
  type ClusterDocument,
  clusterDocument,
  differencesBetween,
  documentOf,
} from '../cluster/model/document.ts';
import { DocumentFaults, type Fault, InputError, Refusal } from '../cluster/model/errors.ts';
import type { Observation } from '../cluster/model/observation.ts';
import { type ClusterSpec, type Revisable, revisable, wantedNode } from '../cluster/model/spec.ts';
import { comings, type Wished, wished } from '../cluster/plan/document.ts';
import { newNodeName } from '../nodes/names.ts';
import { providers } from '../providers/registry.ts';
import { COMPONENTS, type Component } from '../replicas/config.ts';
import { asksOtherwise, type KnownFlags, knownFlags, ownFlags } from '../replicas/flags.ts';
import { newReplicaName } from '../replicas/names.ts';
import { messageOf } from '../util/failure.ts';
import { preparedBackups, withBackups } from './backups/backup-parts.ts';
import { checkZones } from './check-zones.ts';
import { type ChangeOutcome, changed, type Environment, type OpenCluster } from './operations.ts';
import { changedTo, prepareRevision, type RollOptions } from './upgrade.ts';

export interface ApplyOptions extends RollOptions {
  /** Machines may be removed: without it such a plan is only made. */
  readonly removes: boolean;
}

/** @throws DocumentFaults with all that is wrong with its form, and each argument that is not its to say. */
export function readDocument(value: unknown): ClusterDocument {
  const read = clusterDocument.safeParse(value);
  const own = ownArguments(value);
  if (read.success && own.length === 0) return read.data;
  throw new DocumentFaults([...(read.error?.issues ?? []).flatMap(faultsOf), ...own]);
}

/** Gives the cluster what a document says; nothing where it has it. */
export async function apply(
  env: Environment,
  cluster: string,
  document: ClusterDocument,
  how: ApplyOptions,
): Promise<ChangeOutcome> {
  return env.locked(cluster, 'apply', async (open) => {
    const doing = (options: ApplyOptions) => {
      let kept: WishedBackup['kept'] = {};
      const change: Change = async (spec, observation) => {
        const wanted = await wantedBy(env, open, { spec, observation, document, how: options });
        kept = wanted.kept;
        return wanted.spec;
      };
      const remember = async () => {
        for (const [name, text] of Object.entries(kept)) await open.secrets.put(name, text);
      };
      return changed(env, open, change, { ...options, remember });
    };
    try {
      return await doing(how);
    } catch (error) {
      if (error !== unasked) throw error;
      return doing({ ...how, dryRun: true });
    }
  });
}

/** Machines would be removed, and nobody has agreed to that: then it is planned only. */
const unasked = new Refusal('machines would be removed, and nobody has agreed to that', []);

interface Wish {
  readonly spec: ClusterSpec;
  readonly observation: Observation;
  readonly document: ClusterDocument;
  readonly how: ApplyOptions;
}

async function wantedBy(
  env: Environment,
  open: OpenCluster,
  { spec, observation, document, how }: Wish,
): Promise<WishedBackup> {
  const names = { replica: newReplicaName, node: newNodeName };
  const made = wished(spec, observation, document, names);
  const faults = [
    ...made.faults,
    ...versionFaults(document),
    ...(await zoneFaults(open, spec, document)),
    ...machineFaults(spec, document, comings(spec, made.spec).come.length),
    ...kubeletFaults(spec, made),
    ...(await flagFaults(env, open, spec, made.revisable)),
  ];
  if (faults.length > 0) throw problem(faults);
  const { spec: grown, kept } = await withWishedBackup(env, made.spec, document, how);
  const isOther = differencesBetween(revisable(spec), made.revisable).length > 0;
  const after = isOther ? changedTo(grown, made.revisable, how) : grown;

  const differences = differencesBetween(documentOf(spec), documentOf(after));
  if (differences.length === 0) return { spec, kept: {} };
  const { come, leave } = comings(spec, how.surge ? grown : after);
  if (leave.length > 0 && !how.removes && !how.dryRun) throw unasked;
  for (const line of differences) env.emit({ type: 'progress', topic: `diff ${line}`, message: line });
  sayOfOldNodes(env, spec, after);
  if (!how.dryRun && come.length > 0) await open.provider.preflight(come.length);
  if (isOther) await prepareRevision(env, open, spec, made.revisable, how);
  return { spec: after, kept };
}

/** A single one keeps its own words, and its way out. */
function problem(faults: readonly Fault[]): Error {
  const [first] = faults;
  return faults.length === 1 && first?.cause ? first.cause : new DocumentFaults(faults);
}

/** What this haup cannot install. */
function versionFaults({ kubernetesVersion, etcdVersion }: ClusterDocument): Fault[] {
  const parses = { kubernetesVersion: parseKubernetesVersion, etcdVersion: parseEtcdVersion };
  return Object.entries({ kubernetesVersion, etcdVersion }).flatMap(([key, version]): Fault[] => {
    try {
      if (version !== undefined) parses[key as keyof typeof parses](version);
      return [];
    } catch (error) {
      return [{ path: [key], message: messageOf(error), cause: error as Error }];
    }
  });
}

async function zoneFaults(
  { provider }: OpenCluster,
  { region }: ClusterSpec,
  { replicas = {}, nodes }: ClusterDocument,
): Promise<Fault[]> {
  const paths = [
    ...Object.keys(replicas).map((zone) => ['replicas', zone]),
    ...Object.keys(nodes?.zones ?? {}).map((zone) => ['nodes', 'zones', zone]),
  ];
  if (paths.length === 0) return [];
  const found = paths.map(async (path): Promise<Fault[]> => {
    try {
      await checkZones(provider, region, [path.at(-1)!]);
      return [];
    } catch (error) {
      return [{ path, message: messageOf(error), cause: error as Error }];
    }
  });
  return (await Promise.all(found)).flat();
}

/** Machines are made by what was said when the cluster was opened. */
function machineFaults(spec: ClusterSpec, { machines = {} }: ClusterDocument, come: number): Fault[] {
  const rules = providers[spec.provider].settings;
  const unread = Object.keys(machines).filter((key) => rules[key as keyof typeof rules] === null);
  const faults = unread.map(
    (key): Fault => ({ path: ['machines', key], message: `${spec.provider} has no such setting` }),
  );
  const other = differencesBetween(spec.settings, { ...spec.settings, ...machines }).length > 0;
  if (other && come > 0) {
    const message = 'other machines and more of them are two changes: apply one, then the other';
    faults.push({ path: ['machines'], message });
  }
  return faults;
}

/** No kubelet may be newer than an API server that it meets, and nodes come while the replicas change. */
export function kubeletFaults(before: ClusterSpec, { spec, revisable: next }: Wished): Fault[] {
  const isNew = spec.nodes.some(({ name }) => !wantedNode(before, name));
  if (!isNew || next.kubernetesVersion === before.kubernetesVersion) return [];
  const message = 'another version of Kubernetes and more nodes are two changes: apply one, then the other';
  return [{ path: ['nodes', 'zones'], message, cause: new InputError(message) }];
}

/** What the installed programs do not know. */
async function flagFaults(
  { signal }: Environment,
  { world }: OpenCluster,
  spec: ClusterSpec,
  next: Revisable,
): Promise<Fault[]> {
  const asked = (of: Pick<Revisable, 'extraArguments' | 'featureGates'>) => ({
    extraArguments: of.extraArguments ?? {},
    featureGates: of.featureGates ?? {},
  });
  if (differencesBetween(asked(spec), asked(next)).length === 0) return [];
  const { kubernetesVersion, etcdVersion } = spec;
  if (kubernetesVersion !== next.kubernetesVersion || etcdVersion !== next.etcdVersion) {
    const message = 'other versions and other arguments are two changes: apply one, then the other';
    return [{ path: ['kubernetesVersion'], message, cause: new InputError(message) }];
  }
  const known = await knownFlags(await world.session(spec.replicas[0]!.name), spec, { signal });
  return unknownFaults(known, next);
}

/** Arguments and gates that are none of the programs'. */
export function unknownFaults(
  known: Readonly<Record<Component, KnownFlags>>,
  { extraArguments = {}, featureGates = {} }: Pick<Revisable, 'extraArguments' | 'featureGates'>,
): Fault[] {
  return COMPONENTS.flatMap((component) => {
    const { flags, gates } = known[component];
    const args = Object.keys(extraArguments[component] ?? {}).filter((flag) => !flags.has(flag));
    const wanted = component === 'etcd' ? {} : (featureGates[component] ?? {});
    const other = Object.keys(wanted).filter((gate) => !gates.has(gate));
    return [
      ...args.map((flag) => ({
        path: ['extraArguments', component, flag],
        message: 'the installed program knows no such flag',
      })),
      ...other.map((gate) => ({
        path: ['featureGates', component, gate],
        message: 'the installed program knows no such gate',
      })),
    ];
  });
}

/** What haup sets itself, wherever the rest of the document is wrong. */
function ownArguments(value: unknown): Fault[] {
  return COMPONENTS.flatMap((component) => {
    const own = ownFlags(component);
    return keysAt(value, ['extraArguments', component]).flatMap((flag): Fault[] => {
      const path = ['extraArguments', component, flag];
      const otherwise = asksOtherwise(component, flag);
      if (otherwise !== null) return [{ path, message: otherwise }];
      return own.has(flag) ? [{ path, message: 'haup sets this itself, and relies on it' }] : [];
    });
  });
}

function keysAt(value: unknown, path: readonly string[]): string[] {
  const found = path.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[key] : undefined),
    value,
  );
  return typeof found === 'object' && found !== null ? Object.keys(found) : [];
}

function faultsOf(issue: z.core.$ZodIssue): Fault[] {
  const path = issue.path as Fault['path'];
  if (issue.code === 'invalid_key') return issue.issues.map(({ message }) => ({ path, message }));
  if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }];
  return issue.keys.map((key) => ({ path: [...path, key], message: 'there is no such key' }));
}

interface WishedBackup {
  readonly spec: ClusterSpec;
  /** What the cluster's secrets have to hold for it, by name. */
  readonly kept: Readonly<Record<string, string>>;
}

/** Of what leads elsewhere the repository is opened, as `haup backup enable` does. */
async function withWishedBackup(
  env: Environment,
  spec: ClusterSpec,
  { backup }: ClusterDocument,
  { dryRun }: ApplyOptions,
): Promise<WishedBackup> {
  const asItIs = { spec, kept: {} };
  if (backup === undefined) return asItIs;
  if (backup === null) {
    const { backup: _, ...without } = spec;
    return { ...asItIs, spec: without };
  }
  const { credentialsFile = null, ...wish } = backup;
  const { generation: _, ...present } = spec.backup ?? { generation: 0 };
  if (differencesBetween(present, wish).length === 0) return asItIs;
  const after = withBackups(spec, { ...wish, credentials: credentialsFile });
  if (spec.backup?.to === wish.to) return { ...asItIs, spec: after };
  const kept = await preparedBackups(env, spec.name, { ...wish, credentials: credentialsFile }, dryRun);
  return { spec: after, kept };
}

function sayOfOldNodes(env: Environment, before: ClusterSpec, after: ClusterSpec): void {
  const of = ({ nodeLabels, nodeTaints }: ClusterSpec) => ({ nodeLabels, nodeTaints });
  if (before.nodes.length === 0 || differencesBetween(of(before), of(after)).length === 0) return;
  const message = 'nodes that are there keep their labels and taints: replace-node makes one anew';
  env.emit({ type: 'warning', message });
}
