import { withNodes } from './node-effects.ts';
import { itsRoute, type NodeStep, nodeMachine, type StepKind } from './step-kind.ts';

/** The provider sends packets for the node's pods to it. */
export interface RoutePods extends NodeStep<'route-pods'> {
  readonly podCidr: string;
}

export const routePods: StepKind<RoutePods> = {
  describe: ({ node, podCidr }) => `route ${inPlan(podCidr)} to ${node}`,
  // The node joins meanwhile.
  touches: itsRoute,
  outdates: nodeMachine,
  simulate: ({ node, podCidr }, before) => {
    const others = (before.nodes.routes ?? []).filter(({ destination }) => destination !== podCidr);
    return withNodes(before, { routes: [...others, { destination: podCidr, machine: node }] });
  },
};

/** Which range a node will get, the controller manager decides when it is there. */
function inPlan(podCidr: string): string {
  return podCidr.startsWith('planned-') ? "its pods' addresses" : podCidr;
}
