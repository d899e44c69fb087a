import { switchRelease } from '../../../replicas/provision/change.ts';
import { federationParts } from '../config/federation.ts';
import { noteOnChanged } from '../machines/store-revision.ts';
import type { Executor } from './executor.ts';

export const changeRelease: Executor<'change-release'> = async (
  t,
  { replica, change, cost, inPlace = false },
  progress,
) => {
  const session = await t.session(replica);
  const etcd = cost === 'etcd';
  const localRoute = t.provider.capabilities.deliversToApiAddress;
  const serviceAddresses = (await t.provider.services?.range()) ?? null;
  await switchRelease(
    session,
    {
      ...{ change, etcd, apiServer: inPlace, localRoute, serviceAddresses },
      federation: await federationParts(t),
    },
    { signal: t.signal, progress },
  );
  await noteOnChanged(t, session);
};
