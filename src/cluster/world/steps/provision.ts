import { issueReplica } from '../../../pki/replica.ts';
import { provision as provisionReplica } from '../../../replicas/provision/provision.ts';
import { noteStoreRevision } from '../../../replicas/store-revision.ts';
import { pkiIdentity } from '../config/identity.ts';
import { sharedConfig } from '../config/shared-config.ts';
import { encryptionKey, kubeletAuthorities } from '../keys.ts';
import { forgetBootHostKey } from '../machines/boot-host-key.ts';
import { FIRST_LOGIN_MS } from '../machines/first-login.ts';
import type { Executor } from './executor.ts';

export const provision: Executor<'provision'> = async (t, { replica }, progress) => {
  const { spec } = t.memory;
  progress('waiting for SSH');
  const identity = pkiIdentity(t, replica);
  const issue = async () =>
    issueReplica(
      { ...identity, cluster: spec.name, apiPort: spec.apiPort },
      await t.authorities(),
      await kubeletAuthorities(t.secrets, spec.name),
    );
  // The machine boots meanwhile.
  const [session, pki] = await Promise.all([t.session(replica, FIRST_LOGIN_MS), issue()]);
  // The machine has its own key now. Not after the provisioning: whoever is cut off there never comes back here.
  await forgetBootHostKey(t, replica);
  const shared = await sharedConfig(t, {
    binaries: await t.binaries(),
    encryptionKey: await encryptionKey(t.secrets),
  });
  const config = { ...shared, name: replica, internalIp: identity.internalIp, pki };
  await provisionReplica(session, config, { signal: t.signal, progress });
  await noteStoreRevision(session, t.memory.revision, { signal: t.signal });
};
