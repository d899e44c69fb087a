import { provisionNode as provisionOn } from '../../../nodes/provision.ts';
import { nodeConfig, nodePki } from '../config/node-config.ts';
import { forgetBootHostKey } from '../machines/boot-host-key.ts';
import { FIRST_LOGIN_MS } from '../machines/first-login.ts';
import type { Executor } from './executor.ts';

export const provisionNode: Executor<'provision-node'> = async (t, { node }, progress) => {
  progress('waiting for SSH');
  // The machine boots meanwhile.
  const [session, pki] = await Promise.all([t.session(node, FIRST_LOGIN_MS), nodePki(t, node)]);
  await forgetBootHostKey(t, node);
  await provisionOn(session, await nodeConfig(t, node, pki), { signal: t.signal, progress });
};
