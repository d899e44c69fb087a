import type { Provider } from '../../../src/providers/provider.ts';

export interface WantedNode {
  readonly name: string;
  readonly zone: string;
  /** The range of its pods. */
  readonly pods: string;
}

export const POD_RANGE = '10.64.0.0/16';

/** Makes the cloud have these nodes and the routes to their pods, whatever it has now, in the order in which haup does. */
export async function convergeNodes(
  { machines, network }: Provider,
  nodes: readonly WantedNode[],
  revision: string,
): Promise<void> {
  if (!(await network.ready())) await network.ensure();
  for (const { name, zone } of nodes) {
    const present = (await machines.list()).find((machine) => machine.name === name);
    const requestToken = `${name} ${revision}`;
    if (!present)
      await machines.create({ name, role: 'node', zone, bootScript: '#!/bin/sh\n', requestToken });
    else if (present.state === 'stopped') await machines.start(name);
  }
  if (!(await network.ready())) await network.ensure();
  const routes = await network.routes.list();
  for (const { name, pods } of nodes) {
    const led = routes.some(({ destination, machine }) => destination === pods && machine === name);
    if (!led) await network.routes.ensure({ destination: pods, machine: name });
  }
  const extra = (await machines.list()).filter(
    ({ name, role }) => role === 'node' && !nodes.some((node) => node.name === name),
  );
  for (const { name } of extra) await machines.delete(name);
}
