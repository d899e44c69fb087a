/** Whether nodes believe, and are believed by, the authorities that are at work. Pure. */
import type { NodeCredentials, NodeInside } from '../../../nodes/inspect.ts';
import { AUTHORITY_NAMES, nameOf } from '../../../pki/names.ts';
import { orderOf } from '../../model/generations.ts';
import { nodeMachineOf } from '../../model/nodes.ts';
import type { ClusterSpec } from '../../model/spec.ts';
import type { Decision } from '../decision.ts';
import { nothingToDo } from '../decision.ts';
import { rotates } from '../rotation.ts';
import type { View } from '../view.ts';

/** What every node should have. */
export function wantedCredentials(spec: Pick<ClusterSpec, 'generations'>): NodeCredentials {
  const [signing = 1] = orderOf(spec, 'kubelet-signing');
  return {
    trust: orderOf(spec, 'ca').map((generation) => nameOf(AUTHORITY_NAMES.kubernetes, generation)),
    servingIssuer: nameOf(AUTHORITY_NAMES.kubeletServing, signing),
    clientIssuer: nameOf(AUTHORITY_NAMES.kubeletClient, signing),
  };
}

/**
 * Nodes follow the masters in each phase of a rotation, side by side: whoever waits for a phase waits for them too. One that cannot be
 * told now would believe nobody afterwards. One that has never joined is told by its join.
 */
export function tellNodes(v: View): Decision {
  if (!rotates(v.spec)) return nothingToDo;
  const becomes = wantedCredentials(v.spec);
  const behind = v.spec.nodes.filter(({ name }) => {
    const inside = nodeMachineOf(v.observation.nodes, name)?.inside;
    return !inside || !hasCredentials(inside, becomes);
  });
  const able = behind.filter(({ name }) => {
    const inside = nodeMachineOf(v.observation.nodes, name)?.inside;
    return inside?.provisioned && inside.clientIssuer !== null;
  });
  const unable = behind.filter((node) => !able.includes(node)).map(({ name }) => name);
  return {
    steps: able.map(({ name }) => ({ kind: 'renew-node', node: name, becomes })),
    blocked:
      unable.length === 0
        ? []
        : [
            {
              message: `the change of ${v.spec.name} waits until ${unable.join(', ')} can be told of it`,
              advice: [
                { to: 'start what has stopped', command: 'repair', cluster: v.spec.name },
                { to: 'or replace it', command: 'replace-node', cluster: v.spec.name, replicas: unable },
              ],
              passing: true,
            },
          ],
  };
}

function hasCredentials(inside: NodeInside, wanted: NodeCredentials): boolean {
  return (
    inside.trust.join() === wanted.trust.join() &&
    inside.servingIssuer === wanted.servingIssuer &&
    inside.clientIssuer === wanted.clientIssuer
  );
}
