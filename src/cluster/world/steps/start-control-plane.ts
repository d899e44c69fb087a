import * as lifecycle from '../../../replicas/lifecycle/lifecycle.ts';
import { SshError } from '../../../ssh/errors.ts';
import { systemClock } from '../../../util/clock.ts';
import { ownAdmin } from '../api.ts';
import { addonsOf } from '../config/addons.ts';
import type { Executor } from './executor.ts';

/** Longer than a look at machines that answer: one at a machine that does not must not hold the controllers up. */
const LOOK_MS = 500;

/**
 * `halfway`: its API server is ready, so that it can become a target or get the address while the controllers start, which
 * takes a small machine's whole processor: so they start when that has been seen. Not where moving the address cuts every
 * session.
 */
export const startControlPlane: Executor<'start-control-plane'> = async (
  t,
  { replica },
  progress,
  halfway,
) => {
  const { apiPort } = t.memory.spec;
  const serving = async (): Promise<void> => {
    if (t.provider.capabilities.keepsConnections)
      await Promise.race([halfway(), systemClock.sleep(LOOK_MS, t.signal)]);
  };
  const start = async (): Promise<void> =>
    lifecycle.startControlPlane(
      await t.session(replica),
      { apiPort, admin: () => ownAdmin(t), addons: () => addonsOf(t), serving },
      { signal: t.signal, progress },
    );
  try {
    await start();
  } catch (error) {
    // It was given the address meanwhile, and lost the one that it was reached by. What has been done is not done again.
    if (!(error instanceof SshError) || error.kind !== 'lost') throw error;
    t.drop(replica);
    await start();
  }
};
