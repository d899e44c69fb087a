import { waitFor } from '../../../util/wait.ts';
import { machineOf } from '../../model/observation.ts';
import type { Executor } from './executor.ts';

/** A few of the slowest provider's health checks; on top of the provider's own wait for what it added. */
const HEALTHY_MS = 60_000;

/**
 * Resolves when every target whose API server is ready is healthy, also one that an earlier run had added and not seen
 * through: a provider waits only for those that it adds.
 */
export const setTargets: Executor<'set-targets'> = async (t, { targets }, progress) => {
  progress('waiting for the health checks of the balancer');
  await t.provider.balancer.setTargets(targets);
  const able = targets.filter((name) => machineOf(t.seen(), name)?.inside?.apiServer === 'ready');
  await waitFor(
    async () => {
      const state = await t.provider.balancer.read();
      const healthy = state?.targets
        .filter((target) => target.health === 'healthy')
        .map((each) => each.replica);
      const missing = able.filter((name) => !healthy?.includes(name));
      if (missing.length > 0) throw new Error(`not healthy yet: ${missing.join(', ')}`);
      return true;
    },
    { what: 'the balancer to find its targets healthy', timeoutMs: HEALTHY_MS, signal: t.signal },
  );
};
