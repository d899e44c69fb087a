/** How a move of the API address that failed in its middle is undone. */
import { messageOf } from '../../../util/failure.ts';
import { ProviderError } from '../../errors.ts';
import type { ElasticIp, Instance, LoadBalancer } from '../api/replies.ts';
import { findLoadBalancer, inUse, type mappings, setSubnets, zoneOf } from '../balancer/parts.ts';
import { deleteLoadBalancer } from '../balancer/zones.ts';
import { type Context, minutes } from '../context.ts';
import { nameOf } from '../instances.ts';
import { apiAddress, findAddresses } from './addresses.ts';
import { give, shown } from './elastic-ip.ts';
import type { Route } from './route.ts';

/** Runs a rollback; if that fails as well, says so beside what failed first. */
export async function putBack(context: Context, undo: () => Promise<void>, cause: unknown): Promise<void> {
  context.progress('the address could not be moved: putting it back');
  try {
    await undo();
  } catch (second) {
    throw new ProviderError(
      'transient',
      `${messageOf(cause)}; and the address could not be put back: ${messageOf(second)}`,
      {
        advice: [
          'Nobody may have the API address now.',
          { to: 'give it to where it belongs', command: 'repair' },
        ],
        cause,
      },
    );
  }
}

/** The balancer keeps, or gets back, the zones that it had, unless the address has moved after all. */
export async function restore(
  context: Context,
  lb: LoadBalancer,
  all: ReturnType<typeof mappings>,
  address: ElasticIp,
): Promise<void> {
  const api = context.api.uninterrupted;
  const now = apiAddress(await findAddresses(context, api));
  if (now?.InstanceId) return;
  const present = await findLoadBalancer(context, api);
  if (present && zoneOf(present, address.AllocationId)) return;
  await setSubnets(api, lb, all, { patience: inUse, deadlineMs: 5 * minutes, brisk: true });
}

/** Undoes what a failed move to the balancer did, unless the balancer has the address after all. */
export async function returnTo(
  context: Context,
  address: ElasticIp,
  owner: Instance,
  own: string | null,
  route: Route,
): Promise<void> {
  const api = context.api.uninterrupted;
  if (route.kind === 'rebuild') await deleteLoadBalancer(context, await findLoadBalancer(context, api), api);
  else if (zoneOf(await findLoadBalancer(context, api), address.AllocationId)) return;
  await give(context, api, address, owner, { held: true, present: own, deadlineMs: 5 * minutes });
  await shown(
    context,
    api,
    address.AllocationId,
    `the address to be shown at ${nameOf(owner)}`,
    (now) => now.InstanceId === owner.InstanceId,
  );
}
