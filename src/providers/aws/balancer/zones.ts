import { ProviderError } from '../../errors.ts';
import type { Api } from '../api/api.ts';
import type { LoadBalancer } from '../api/replies.ts';
import { type Context, minutes, wait } from '../context.ts';
import { freeAddressesForBalancer, type Subnet } from '../placement.ts';
import { findLoadBalancer, mappings, setSubnets, untilActive } from './parts.ts';

/** Adds zones to a load balancer, and waits until it has them. */
export async function enable(context: Context, api: Api, missing: readonly Subnet[]): Promise<void> {
  if (missing.length === 0) return;
  for (const subnet of missing) assertRoom(subnet);
  const lb = await untilActive(context, api);
  const more = missing.map((subnet) => ({ zone: subnet.zone, SubnetId: subnet.id }));
  const want = [...mappings(lb), ...more];
  await setSubnets(api, lb, want);
  await untilActive(
    context,
    api,
    want.map((mapping) => mapping.zone),
  );
}

export function assertRoom({ id, zone, freeAddresses }: Subnet): void {
  if (freeAddresses >= freeAddressesForBalancer) return;
  throw new ProviderError(
    'invalid',
    `the subnet ${id} in ${zone} has ${freeAddresses} free addresses; a load balancer needs ${freeAddressesForBalancer}`,
    { advice: { to: 'name another subnet of that zone', setting: 'subnets' } },
  );
}

/** Deletes the load balancer itself, with its listener, and waits until its name is free again. */
export async function deleteLoadBalancer(
  context: Context,
  lb: LoadBalancer | null,
  api: Api = context.api,
): Promise<void> {
  if (!lb) return;
  await api.elb('DeleteLoadBalancer', { LoadBalancerArn: lb.LoadBalancerArn });
  await wait(
    context,
    'the load balancer to be gone',
    async () => ((await findLoadBalancer(context, api)) ? undefined : true),
    { api, timeoutMs: 10 * minutes },
  );
}
