import type { Wound } from '../cluster/model/drill.ts';
import type { Provider } from '../providers/provider.ts';
import { unit } from '../replicas/units/names.ts';
import type { OpenCluster } from './operations.ts';

type Struck = Pick<OpenCluster, 'world' | 'provider'>;

/**
 * Deals the blows of one act. Where power is a machine's cord all are pulled at once, as a zone's outage does. Each has fallen or failed
 * when this ends: one that fell later would be nobody's any more.
 * @throws what the first that failed met
 */
export async function strike(
  { world, provider }: Struck,
  wounds: readonly Wound[],
  signal: AbortSignal,
): Promise<void> {
  const cords = wounds.flatMap(({ blow, machine }) =>
    blow === 'power-off' && machine !== null ? [machine] : [],
  );
  if (provider.fault && cords.length === wounds.length) return provider.fault('power-off', ...cords);
  const struck = await Promise.allSettled(
    wounds.map((wound) => strikeOne({ world, provider }, wound, signal)),
  );
  const failed = struck.find((one) => one.status === 'rejected');
  if (failed) throw failed.reason;
}

async function strikeOne(
  { world, provider }: Struck,
  { blow, machine }: Wound,
  signal: AbortSignal,
): Promise<void> {
  if (machine === null) return provider.faultBalancer!();
  if (blow === 'kill-balancer') throw new Error('the balancer is no machine');
  if (blow === 'power-off') return provider.machines.stop!(machine);
  if (blow === 'reset') return reset(provider, machine);
  if (blow !== 'kill-api-server') return provider.fault!(blow, machine);
  const session = await world.session(machine);
  const what = 'kill its API server';
  await session.run(`systemctl kill --signal=KILL ${unit.apiServer}`, { what, signal });
}

/** Off and on again at once. Where power is a machine's cord, both ends of it are pulled. */
async function reset({ fault, machines }: Provider, machine: string): Promise<void> {
  if (!fault) return machines.reset!(machine);
  await fault('power-off', machine);
  await fault('power-on', machine);
}
