import { importImages } from '../../../nodes/images.ts';
import { provisionNode as provisionOn } from '../../../nodes/provision.ts';
import { startRuntime } from '../../../nodes/start.ts';
import { binariesFolder } from '../../../replicas/provision/release.ts';
import { nodeConfig, nodePki } from '../config/node-config.ts';
import { forgetBootHostKey } from '../machines/boot-host-key.ts';
import { FIRST_LOGIN_MS } from '../machines/first-login.ts';
import type { Tools } from '../tools.ts';
import type { Executor } from './executor.ts';

export const provisionNode: Executor<'provision-node'> = async (t, { node }, progress) => {
  progress('waiting for SSH');
  // The machine boots meanwhile.
  const [session, pki] = await Promise.all([t.session(node, FIRST_LOGIN_MS), nodePki(t, node)]);
  await forgetBootHostKey(t, node);
  await provisionOn(session, await nodeConfig(t, node, pki), { signal: t.signal, progress });
  const coming = bringImages(t, node);
  // Whether it has failed is asked by whoever joins the node.
  coming.catch(() => {});
  t.coming.set(node, coming);
};

/** They are what a node waits for longest, and need neither the API nor the kubelet: they come while the rest goes on. */
async function bringImages(t: Tools, node: string): Promise<void> {
  const { images } = await t.nodeSupplies();
  if (images.length === 0) return;
  const [session, binaries] = await Promise.all([t.session(node), t.nodeBinaries()]);
  const waiting = { signal: t.signal };
  await startRuntime(session, waiting);
  await importImages(session, images, binariesFolder({ binaries }), waiting);
}
