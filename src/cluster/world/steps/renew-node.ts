import { rejoinNode } from '../../../nodes/join.ts';
import { renewNode as renewOn } from '../../../nodes/renew.ts';
import { apiAt } from '../api.ts';
import { nodeIdentity, nodePki } from '../config/node-config.ts';
import type { Executor } from './executor.ts';

export const renewNode: Executor<'renew-node'> = async (t, { node, becomes }, progress) => {
  const pki = await nodePki(t, node);
  const waiting = { signal: t.signal, progress };
  const session = await t.session(node);
  await renewOn(session, pki, waiting);
  if (!becomes) return;
  const api = await apiAt(t, t.seen().address!.ip);
  const joining = { ...nodeIdentity(t, node), caPem: pki.caPem };
  await rejoinNode(session, api, joining, waiting);
};
