import { renewNode as renewOn } from '../../../nodes/renew.ts';
import { nodePki } from '../config/node-config.ts';
import type { Executor } from './executor.ts';

export const renewNode: Executor<'renew-node'> = async (t, { node }, progress) => {
  const pki = await nodePki(t, node);
  await renewOn(await t.session(node), pki, { signal: t.signal, progress });
};
