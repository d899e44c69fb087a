import { withNodes } from './node-effects.ts';
import { itsRoute, type NodeStep, nodeMachine, type StepKind } from './step-kind.ts';

/** The provider sends packets for the node's pods to it. */
export interface RoutePods extends NodeStep<'route-pods'> {
  readonly podCidr: string;
}

export const routePods: StepKind<RoutePods> = {
  describe: ({ node, podCidr }) => `route ${podCidr} to ${node}`,
  touches: itsRoute,
  outdates: nodeMachine,
  simulate: ({ node, podCidr }, before) => {
    const others = (before.nodes.routes ?? []).filter(({ destination }) => destination !== podCidr);
    return withNodes(before, { routes: [...others, { destination: podCidr, machine: node }] });
  },
};
