import type { NodeCredentials } from '../../../nodes/inspect.ts';
import { withNodeInside } from './node-effects.ts';
import { itsNode, type NodeStep, nodeInside, type StepKind } from './step-kind.ts';

/** New certificates for a node while its pods run on: the kubelet's for serving, and kube-proxy's. Over SSH alone. */
export interface RenewNode extends NodeStep<'renew-node'> {
  /** Other authorities: the kubelet believes these, and asks for a certificate as a client anew. That takes the API. */
  readonly becomes?: NodeCredentials;
}

const [BEGINS, ENDS] = ['9000-01-01T00:00:00Z', '9999-01-01T00:00:00Z'] as const;

export const renewNode: StepKind<RenewNode> = {
  describe: ({ node, becomes }) =>
    becomes
      ? `give ${node} other authorities and certificates, its pods run on`
      : `renew the certificates of ${node}`,
  touches: itsNode,
  outdates: nodeInside,
  // Nothing pure knows the time: long after all others, so that nobody asks for them again, and begun just then.
  simulate: ({ node, becomes = {} }, before) =>
    withNodeInside(before, node, {
      servingCertificateBegins: BEGINS,
      servingCertificateExpires: ENDS,
      servingCertificateSecondsLeft: (Date.parse(ENDS) - Date.parse(BEGINS)) / 1000,
      ...becomes,
    }),
};
