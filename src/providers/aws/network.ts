import type { Network } from '../networks.ts';
import type { Balancer } from '../provider.ts';
import { apiAddress, findAddresses } from './address/addresses.ts';
import { release } from './address/elastic-ip.ts';
import type { Management } from './address/management.ts';
import { findParts } from './balancer/parts.ts';
import type { Context } from './context.ts';
import type { Groups } from './groups.ts';
import { findInstances, isNode } from './instances.ts';
import { terminate } from './machines.ts';
import type { PodRoutes } from './pod-routes.ts';

export interface NetworkParts {
  readonly groups: Groups;
  readonly management: Management;
  readonly balancer: Balancer;
  readonly routes: PodRoutes;
}

/** EC2 lists what was made a moment ago late: that long nothing must turn up before a deletion is believed. */
const quietMs = 10_000;

export function network(context: Context, { groups, management, balancer, routes }: NetworkParts): Network {
  /** Clients reach the masters themselves unless the balancer has the address. */
  async function direct(): Promise<boolean> {
    const address = apiAddress(await findAddresses(context));
    return !address?.AssociationId || Boolean(address.InstanceId);
  }

  /** Deletes whatever carries the cluster's tag. Returns whether there was anything. */
  async function sweep(): Promise<boolean> {
    const states = ['pending', 'running', 'stopping', 'stopped', 'shutting-down'];
    const [instances, parts, addresses] = await Promise.all([
      findInstances(context, { states }),
      findParts(context),
      findAddresses(context),
    ]);
    const some = instances.length + addresses.length > 0 || parts.lb !== null || parts.group !== null;
    if (parts.lb || parts.group) await balancer.delete();
    // Before the instances, whose they are, and before the group, which says that there may be some.
    const present = await groups.find();
    if (present.nodes) await routes.clear();
    await terminate(context, instances);
    for (const address of addresses) await release(context, context.api, address);
    return (await groups.delete(present)) || some;
  }

  const nodes = async () => (await findInstances(context)).filter(isNode);

  return {
    routes,
    async ready() {
      const [rules, reachable] = await Promise.all([
        Promise.all([direct(), nodes()]).then((now) => groups.ready(...now)),
        management.settled(),
      ]);
      return rules && reachable;
    },
    async ensure() {
      const existed = await groups.ensure(direct, nodes);
      if (existed) await management.reconcile(); // before that, there can be no machine
    },
    async delete() {
      do {
        await sweep();
        context.progress('looking for what is left');
        await context.clock.sleep(quietMs, context.api.signal);
      } while (await sweep());
    },
  };
}
