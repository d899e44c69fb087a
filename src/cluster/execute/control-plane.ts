import * as lifecycle from '../../replicas/lifecycle.ts';
import { wantsBalancer } from '../spec.ts';
import type { Progress, Tools } from './tools.ts';

/** `halfway`: its API server is ready, so that it can become a target or get the address while the controllers start. */
export async function startControlPlane(
  t: Tools,
  replica: string,
  progress: Progress,
  halfway: () => void,
): Promise<void> {
  const session = await t.session(replica);
  const { spec } = t.memory;
  // What follows may move the address, and cut the very session that the controllers are started in: on a real cloud
  // every one is cut, on the local provider that of the machine which gets the address.
  const serving = spec.provider === 'local' && wantsBalancer(spec) ? halfway : () => {};
  await lifecycle.startControlPlane(
    session,
    { apiPort: spec.apiPort, serving },
    { signal: t.signal, progress },
  );
}

export async function stopControllers(t: Tools, replica: string, progress: Progress): Promise<void> {
  progress('waiting for the leases to be released');
  await lifecycle.stopControllers(await t.session(replica), { signal: t.signal, progress });
}

export async function stopApiServer(t: Tools, replica: string, progress: Progress): Promise<void> {
  progress('finishing what it has accepted');
  await lifecycle.stopApiServer(await t.session(replica), { signal: t.signal, progress });
}
