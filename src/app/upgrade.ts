import { randomBytes } from 'node:crypto';
import { parseEtcdVersion, parseKubernetesVersion } from '../artifacts/versions.ts';
import type { Change } from '../cluster/loop/apply-change.ts';
import { Refusal } from '../cluster/model/errors.ts';
import type { ClusterSpec, Revisable } from '../cluster/model/spec.ts';
import { minorOf } from '../cluster/model/versions.ts';
import { withRevision, withSurge } from '../cluster/plan/spec-changes.ts';
import { emulatedMinor, finalized, kubeletsRefuse, rolledBack, upgraded } from '../cluster/plan/upgrade.ts';
import { deprecatedUses } from '../kubernetes/deprecated.ts';
import { listNodes } from '../nodes/api/nodes.ts';
import { newReplicaName } from '../replicas/names.ts';
import { type ChangeOutcome, changed, type Environment, type OpenCluster } from './operations.ts';

export type UpgradeRequest =
  | { readonly kubernetesVersion?: string | undefined; readonly etcdVersion?: string | undefined }
  | 'rollback'
  | 'finalize';

/** How a change of the replicas is made. */
export interface RollOptions {
  readonly dryRun: boolean;
  /** No backup goes before it. */
  readonly withoutBackup: boolean;
  /** A single replica gets a successor that has it from the start. */
  readonly surge: boolean;
}

/** Other versions of Kubernetes and etcd on the masters, replica by replica. */
export function upgrade(
  env: Environment,
  cluster: string,
  request: UpgradeRequest,
  how: RollOptions,
): Promise<ChangeOutcome> {
  return env.locked(cluster, 'upgrade', (open) => revise(env, open, (spec) => wantedBy(spec, request), how));
}

/** Gives the replicas what `wanted` makes of the spec; undefined: they have it. What can be checked is checked before anything is done. */
function revise(
  env: Environment,
  open: OpenCluster,
  wanted: (spec: ClusterSpec) => Revisable | undefined | Promise<Revisable | undefined>,
  how: RollOptions,
): Promise<ChangeOutcome> {
  const change: Change = async (spec) => {
    const next = await wanted(spec);
    if (!next) return spec;
    await prepareRevision(env, open, spec, next, how);
    return changedTo(spec, next, how);
  };
  return changed(env, open, change, how);
}

/** What can be checked, and fetched, before replicas are changed. @throws Refusal */
export async function prepareRevision(
  env: Environment,
  open: OpenCluster,
  spec: ClusterSpec,
  next: Revisable,
  { dryRun, surge }: RollOptions,
): Promise<void> {
  if (surge && !dryRun) await open.provider.preflight(1);
  if (next.kubernetesVersion !== spec.kubernetesVersion)
    await checkVersion(env, open, spec, next.kubernetesVersion);
  // Until then it has served on what the new minor does not.
  else if (emulatedMinor(spec) !== null && emulatedMinor(next) === null)
    await expectNoOldUses(env, open, spec, next.kubernetesVersion);
  if (!dryRun) await open.fetch(next);
}

/** The replicas are to be that: in place, or by a successor. */
export function changedTo(spec: ClusterSpec, next: Revisable, { surge }: RollOptions): ClusterSpec {
  const id = randomBytes(6).toString('hex');
  return surge ? withSurge(spec, next, id, newReplicaName) : withRevision(spec, next, id);
}

function wantedBy(spec: ClusterSpec, request: UpgradeRequest): Revisable | undefined {
  if (request === 'rollback') return rolledBack(spec);
  if (request === 'finalize') return finalized(spec);
  const { kubernetesVersion, etcdVersion } = request;
  return upgraded(spec, {
    kubernetesVersion:
      kubernetesVersion === undefined ? undefined : parseKubernetesVersion(kubernetesVersion),
    etcdVersion: etcdVersion === undefined ? undefined : parseEtcdVersion(etcdVersion),
  });
}

/** Nodes that would be too far away from it, and APIs that somebody uses and that it does not serve. */
async function checkVersion(
  env: Environment,
  open: OpenCluster,
  spec: ClusterSpec,
  version: string,
): Promise<void> {
  const api = await open.world.apiOn(spec.replicas[0]!.name);
  const refusal = kubeletsRefuse(spec, version, await listNodes(api, env.signal));
  if (refusal) throw refusal;
  if (minorOf(version) > minorOf(spec.kubernetesVersion)) await expectNoOldUses(env, open, spec, version);
}

/** @throws Refusal that names what somebody uses and this version does not serve */
async function expectNoOldUses(
  { signal }: Environment,
  { world }: OpenCluster,
  spec: ClusterSpec,
  version: string,
): Promise<void> {
  const names = spec.replicas.map(({ name }) => name);
  const uses = await Promise.all(names.map(async (name) => deprecatedUses(await world.apiOn(name), signal)));
  const gone = uses.flat().filter(({ removedIn }) => removedIn <= minorOf(version));
  if (gone.length === 0) return;
  throw new Refusal(
    `somebody uses what ${version} does not serve any more: ${[...new Set(gone.map(({ resource }) => resource))].join(', ')}`,
    [
      'find out who in the audit log (annotation k8s.io/removed-release), and let them use a newer version of it',
      'API servers remember it until they start again: then start them again, one master after the other',
    ],
  );
}
