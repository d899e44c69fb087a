import { withNodeInside } from './node-effects.ts';
import { itsNode, type NodeStep, nodeInside, type StepKind } from './step-kind.ts';

/** Programs, certificates, units and configuration in place; nothing started. */
export type ProvisionNode = NodeStep<'provision-node'>;

export const provisionNode: StepKind<ProvisionNode> = {
  describe: ({ node }) => `provision ${node}`,
  touches: itsNode,
  outdates: nodeInside,
  simulate: ({ node }, before) => withNodeInside(before, node, { provisioned: true }),
};
