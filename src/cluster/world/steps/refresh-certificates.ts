import { issueReplica } from '../../../pki/replica.ts';
import { pkiFiles } from '../../../replicas/provision/files.ts';
import { refresh } from '../../../replicas/provision/refresh.ts';
import { machineOf } from '../../model/observation.ts';
import { pkiIdentity } from '../config/identity.ts';
import { kubeletAuthorities } from '../keys.ts';
import type { Executor } from './executor.ts';

/** A certificate and its key, which stand beside each other, go together. */
export const refreshCertificates: Executor<'refresh-certificates'> = async (
  t,
  { replica, files },
  progress,
) => {
  const { spec } = t.memory;
  const pki = await issueReplica(
    { ...pkiIdentity(t, replica), cluster: spec.name, apiPort: spec.apiPort },
    await t.authorities(),
    await kubeletAuthorities(t.secrets, spec),
  );
  const inside = machineOf(t.seen(), replica)?.inside;
  const pushed = new Set(files.flatMap((file) => [file, file.replace(/\.crt$/, '.key')]));
  await refresh(
    await t.session(replica),
    {
      files: pkiFiles({ pki: new Map([...pki].filter(([file]) => pushed.has(file))) }),
      apiPort: spec.apiPort,
      serving: inside?.apiServer === 'ready',
      controlling: inside?.apiServer === 'ready' && inside.controllers === 'running',
    },
    { signal: t.signal, progress },
  );
};
