import type { DrainPolicy } from '../../cluster/plan/decision.ts';
import { withNodes, withoutNodes, withReplacedNodes } from '../../cluster/plan/nodes/node-changes.ts';
import type { Removal } from '../../cluster/plan/spec-changes.ts';
import { newNodeName } from '../../nodes/names.ts';
import {
  type ChangeOutcome,
  changed,
  checkZones,
  type Environment,
  type OpenCluster,
} from '../operations.ts';

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
    return changed(env, open, (spec) => withNodes(spec, named, newNodeName), { dryRun });
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
    changed(env, open, (spec, observation) => withReplacedNodes(spec, observation, names, newNodeName), {
      dryRun,
      policy: { revive: false, drain },
      letsGo: names,
    });
  return env.locked(cluster, 'replace-node', work, names.length);
}
