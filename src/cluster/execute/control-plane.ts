import * as lifecycle from '../../replicas/lifecycle.ts';
import type { Progress, Tools } from './tools.ts';

export async function startControlPlane(t: Tools, replica: string, progress: Progress): Promise<void> {
  const session = await t.session(replica);
  await lifecycle.startControlPlane(
    session,
    { apiPort: t.memory.spec.apiPort },
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
