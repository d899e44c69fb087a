import { ProviderError } from '../errors.ts';
import type { NodeRoute, NodeRoutes, ServiceAddresses } from '../networks.ts';
import { inOrder, mustBeFree, mustNotOverlap, podRange } from '../shared/pod-range.ts';
import { EXTERNAL_RANGE, PRIVATE_RANGE, serviceRange } from './address/addresses.ts';
import { type Context, exclusively, needCluster } from './context.ts';
import { syncRoutes } from './fabric/routes.ts';
import { syncTranslation } from './fabric/translation.ts';
import { machineName } from './names.ts';
import { type RoutesRecord, readMachines, readRoutes, writeRoutes } from './state.ts';

export function localRoutes(context: Context): NodeRoutes {
  return {
    list: async () => inOrder(routesOf(await recorded(context))),
    ensure: (route) => ensure(context, route),
    delete: (destination) => remove(context, podRange(destination)),
  };
}

export function localServices(context: Context): ServiceAddresses {
  return {
    range: async () => serviceRange((await needCluster(context)).slot),
    nodes: async () => [...(await recorded(context)).services],
    setNodes: (names) => setNodes(context, names),
  };
}

async function ensure(context: Context, { destination, machine }: NodeRoute): Promise<void> {
  const range = podRange(destination);
  mustBeFree(range, [PRIVATE_RANGE, EXTERNAL_RANGE], "the machines'");
  await needMachines(context, [machine]);
  await change(context, 'pods', ({ pods, services }) => {
    mustNotOverlap(range, routesOf({ pods, services }));
    return { pods: { ...pods, [range]: machine }, services };
  });
}

async function remove(context: Context, range: string): Promise<void> {
  if (!(await recorded(context)).pods[range]) return;
  await change(context, 'pods', ({ pods, services }) => ({ pods: without(pods, range), services }));
}

/** Whether everything that is written down has been put in force. */
export async function routesReady(context: Context): Promise<boolean> {
  return !(await recorded(context)).pending;
}

/** Everything that is written down is in force. Under the cluster's lock. */
export async function settleRoutes(context: Context): Promise<void> {
  const record = await recorded(context);
  if (record.pending) await writeRoutes(context.key, { ...record, pending: false });
}

async function setNodes(context: Context, names: readonly string[]): Promise<void> {
  await needMachines(context, names);
  await change(context, 'services', ({ pods }) => ({ pods, services: [...new Set(names)].sort() }));
}

/** A machine is gone: so is what led to it. Under the cluster's lock. */
export async function forgetRoutes(context: Context, name: string): Promise<void> {
  const { pods, services, pending } = await recorded(context);
  const left = Object.fromEntries(Object.entries(pods).filter(([, machine]) => machine !== name));
  if (Object.keys(left).length === Object.keys(pods).length && !services.includes(name)) return;
  await writeRoutes(context.key, { pods: left, services: services.filter((each) => each !== name), pending });
}

type Routes = Omit<RoutesRecord, 'pending'>;

async function change(
  context: Context,
  part: 'pods' | 'services',
  by: (now: Routes) => Routes,
): Promise<void> {
  const cluster = await needCluster(context);
  await exclusively(context, async () => {
    const before = await recorded(context);
    await writeRoutes(context.key, { ...by(before), pending: true });
    await syncTranslation(context.key);
    // What an earlier run did not live to put in force may be of any part.
    await syncRoutes(context.key, cluster, before.pending ? 'all' : part);
    await settleRoutes(context);
  });
}

async function recorded(context: Context): Promise<RoutesRecord> {
  return (await readRoutes(context.key)) ?? { pods: {}, services: [], pending: false };
}

function routesOf({ pods }: Routes): NodeRoute[] {
  return Object.entries(pods).map(([destination, machine]) => ({ destination, machine }));
}

async function needMachines(context: Context, names: readonly string[]): Promise<void> {
  const known = (await readMachines(context.key)).map((machine) => machine.name);
  const missing = names.map(machineName).filter((name) => !known.includes(name));
  if (missing.length > 0) throw new ProviderError('not-found', `there is no machine ${missing.join(', ')}`);
}

function without(pods: RoutesRecord['pods'], destination: string): RoutesRecord['pods'] {
  return Object.fromEntries(Object.entries(pods).filter(([range]) => range !== destination));
}
