import { issueNode } from '../../../nodes/pki.ts';
import { provisionNode as provisionOn } from '../../../nodes/provision.ts';
import { nodeConfig, nodeIdentity } from '../config/node-config.ts';
import { kubeletAuthorities } from '../keys.ts';
import { forgetBootHostKey } from '../machines/boot-host-key.ts';
import { FIRST_LOGIN_MS } from '../machines/first-login.ts';
import type { Executor } from './executor.ts';

export const provisionNode: Executor<'provision-node'> = async (t, { node }, progress) => {
  progress('waiting for SSH');
  const issue = async () =>
    issueNode(
      nodeIdentity(t, node),
      await t.authorities(),
      await kubeletAuthorities(t.secrets, t.memory.spec.name),
    );
  // The machine boots meanwhile.
  const [session, pki] = await Promise.all([t.session(node, FIRST_LOGIN_MS), issue()]);
  await forgetBootHostKey(t, node);
  await provisionOn(session, await nodeConfig(t, node, pki), { signal: t.signal, progress });
};
