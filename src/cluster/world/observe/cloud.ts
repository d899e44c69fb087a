import type { Machine, Provider } from '../../../providers/provider.ts';
import type { NodesObservation } from '../../model/nodes.ts';
import type { Observation } from '../../model/observation.ts';

/** What the provider says, with one call each. */
export interface CloudObservation
  extends Pick<Observation, 'network' | 'address' | 'balancer'>,
    Pick<NodesObservation, 'routes' | 'serviceNodes'> {
  /** Of both roles. */
  readonly machines: readonly Machine[];
}

/** `wantsNodes`: the spec has some. Where there are no nodes, nobody has asked for their routes. */
export async function observeCloud(
  provider: Pick<Provider, 'network' | 'address' | 'balancer' | 'machines' | 'services'>,
  wantsNodes: boolean,
): Promise<CloudObservation> {
  const [network, address, balancer, machines] = await Promise.all([
    provider.network.ready(),
    provider.address.read(),
    provider.balancer.read(),
    provider.machines.list(),
  ]);
  const nodes = network && (wantsNodes || machines.some(({ role }) => role === 'node'));
  const [routes, serviceNodes] = nodes
    ? await Promise.all([provider.network.routes.list(), provider.services?.nodes() ?? null])
    : [null, null];
  return { network, address, balancer, machines, routes, serviceNodes };
}
