import { joinNode as join } from '../../../nodes/join.ts';
import { nodeMachineOf } from '../../model/nodes.ts';
import { apiAt } from '../api.ts';
import { nodeIdentity } from '../config/node-config.ts';
import type { Executor } from './executor.ts';

/**
 * Resolves when the node is Ready and all of it is well; where somebody else brings the pods' network, when it has all but that. The range
 * is routed as soon as it is known, while images come. What was cut off on the way is joined again, or routed and connected by steps of
 * their own.
 */
export const joinNode: Executor<'join-node'> = async (t, { node }, progress) => {
  const api = await apiAt(t, t.seen().address!.ip);
  const { images } = await t.nodeSupplies();
  const joining = { ...nodeIdentity(t, node), binaries: await t.nodeBinaries(), caPem: api.caPem };
  const inside = nodeMachineOf(t.seen().nodes, node)?.inside;
  // A kubelet that never ran has none: there nothing hangs on one look that a machine in trouble may not have answered well.
  const lacksCertificate = inside?.kubelet === 'disabled' && inside.clientCertificateExpires === null;
  const waiting = { signal: t.signal, progress, lacksCertificate };
  const session = await t.session(node);
  if (t.memory.spec.cni === 'none') {
    await join(session, api, joining, images, waiting);
    return;
  }
  const ranged = (destination: string) => t.provider.network.routes.ensure({ destination, machine: node });
  await join(session, api, joining, images, { ...waiting, ranged, connects: true });
};
