import { provision as provisionReplica } from '../../../replicas/provision/provision.ts';
import { makingSpec } from '../../plan/roll.ts';
import { replicaConfig } from '../config/replica-config.ts';
import { forgetBootHostKey } from '../machines/boot-host-key.ts';
import { FIRST_LOGIN_MS } from '../machines/first-login.ts';
import { noteOnChanged } from '../machines/store-revision.ts';
import type { Executor } from './executor.ts';

export const provision: Executor<'provision'> = async (t, { replica }, progress) => {
  progress('waiting for SSH');
  // The machine boots meanwhile.
  const [session, config] = await Promise.all([
    t.session(replica, FIRST_LOGIN_MS),
    replicaConfig(t, replica, makingSpec(t.memory.spec, t.seen())),
  ]);
  // The machine has its own key now. Not after the provisioning: whoever is cut off there never comes back here.
  await forgetBootHostKey(t, replica);
  await provisionReplica(session, config, { signal: t.signal, progress });
  await noteOnChanged(t, session);
};
