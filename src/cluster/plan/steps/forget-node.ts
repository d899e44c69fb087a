import { withNodes } from './node-effects.ts';
import { etcdAlone, itsNode, type NodeStep, type StepKind } from './step-kind.ts';

/** The Node object goes: without that, the pods of a machine that is gone stay Terminating. */
export type ForgetNode = NodeStep<'forget-node'>;

export const forgetNode: StepKind<ForgetNode> = {
  describe: ({ node }) => `remove the node ${node} from the API`,
  touches: itsNode,
  outdates: etcdAlone,
  simulate: ({ node }, before) =>
    withNodes(before, { objects: before.nodes.objects?.filter(({ name }) => name !== node) ?? null }),
};
