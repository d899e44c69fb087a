import type { Change } from '../../cluster/loop/apply-change.ts';
import type { Observation } from '../../cluster/model/observation.ts';
import type { ClusterSpec } from '../../cluster/model/spec.ts';
import type { DrainPolicy } from '../../cluster/plan/decision.ts';
import { withNodes, withoutNodes, withReplacedNodes } from '../../cluster/plan/nodes/node-changes.ts';
import type { Removal } from '../../cluster/plan/spec-changes.ts';
import { newNodeName } from '../../nodes/names.ts';
import { checkZones } from '../check-zones.ts';
import { type ChangeOutcome, changed, type Environment, type OpenCluster } from '../operations.ts';

export function addNodes(
  env: Environment,
  cluster: string,
  zones: readonly (string | null)[],
  dryRun: boolean,
): Promise<ChangeOutcome> {
  const work = async (open: OpenCluster) => {
    const { region, zone } = open.world.spec();
    const named = zones.map((each) => each ?? zone);
    await checkZones(open.provider, region, named);
    const change = supplied(open, dryRun, (spec) => withNodes(spec, named, newNodeName));
    return changed(env, open, change, { dryRun });
  };
  return env.locked(cluster, 'add-node', work, zones.length);
}

/** Their pods move first. */
export function removeNodes(
  env: Environment,
  cluster: string,
  removal: Removal,
  drain: DrainPolicy,
  dryRun: boolean,
): Promise<ChangeOutcome> {
  return env.locked(cluster, 'remove-node', (open) =>
    changed(env, open, (spec, observation) => withoutNodes(spec, observation, removal), {
      dryRun,
      policy: { revive: false, drain },
      letsGo: 'names' in removal ? removal.names : [],
    }),
  );
}

export function replaceNodes(
  env: Environment,
  cluster: string,
  names: readonly string[],
  drain: DrainPolicy,
  dryRun: boolean,
): Promise<ChangeOutcome> {
  const work = (open: OpenCluster) =>
    changed(
      env,
      open,
      supplied(open, dryRun, (spec, observation) => withReplacedNodes(spec, observation, names, newNodeName)),
      { dryRun, policy: { revive: false, drain }, letsGo: names },
    );
  return env.locked(cluster, 'replace-node', work, names.length);
}

/**
 * A change that wishes for nodes, for which everything is there before it is anybody's wish: an archive of images that is missing on this
 * host, or a download that fails, leaves the cluster as it was.
 */
function supplied(
  { supplies }: OpenCluster,
  dryRun: boolean,
  change: (spec: ClusterSpec, observation: Observation) => ClusterSpec,
): Change {
  return async (spec, observation) => {
    const after = change(spec, observation);
    if (!dryRun && after !== spec) await supplies();
    return after;
  };
}
