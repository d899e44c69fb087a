import { formatCidr, overlap, parseCidr } from '../../util/ipv4.ts';
import { ProviderError } from '../errors.ts';
import type { NodeRoute, NodeRoutes, ServiceAddresses } from '../provider.ts';
import { EXTERNAL_RANGE, PRIVATE_RANGE, serviceRange } from './addresses.ts';
import { type Context, exclusively, needCluster } from './context.ts';
import { machineName } from './names.ts';
import { syncRoutes } from './routes.ts';
import { type RoutesRecord, readMachines, readRoutes, writeRoutes } from './state.ts';
import { syncTranslation } from './translation.ts';

export function localRoutes(context: Context): NodeRoutes {
  return {
    list: async () =>
      Object.entries((await recorded(context)).pods)
        .map(([destination, machine]) => ({ destination, machine }))
        .sort((a, b) => parseCidr(a.destination).first - parseCidr(b.destination).first),
    ensure: (route) => ensure(context, route),
    delete: (destination) => remove(context, canonical(destination)),
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
  const range = canonical(destination);
  for (const taken of [PRIVATE_RANGE, EXTERNAL_RANGE]) {
    if (!overlap(parseCidr(range), parseCidr(taken))) continue;
    throw new ProviderError('invalid', `pods cannot have ${range}: ${taken} is the machines'`);
  }
  await needMachines(context, [machine]);
  await change(context, ({ pods, services }) => {
    const other = Object.keys(pods).find(
      (each) => each !== range && overlap(parseCidr(each), parseCidr(range)),
    );
    if (other !== undefined) {
      throw new ProviderError('conflict', `${range} overlaps ${other}, which leads to ${pods[other]}`);
    }
    return { pods: { ...pods, [range]: machine }, services };
  });
}

async function remove(context: Context, range: string): Promise<void> {
  if (!(await recorded(context)).pods[range]) return;
  await change(context, ({ pods, services }) => ({ pods: without(pods, range), services }));
}

async function setNodes(context: Context, names: readonly string[]): Promise<void> {
  await needMachines(context, names);
  await change(context, ({ pods }) => ({ pods, services: [...new Set(names)].sort() }));
}

/** A machine is gone: so is what led to it. Under the cluster's lock. */
export async function forgetRoutes(context: Context, name: string): Promise<void> {
  const { pods, services } = await recorded(context);
  const left = Object.fromEntries(Object.entries(pods).filter(([, machine]) => machine !== name));
  if (Object.keys(left).length === Object.keys(pods).length && !services.includes(name)) return;
  await writeRoutes(context.key, { pods: left, services: services.filter((each) => each !== name) });
}

async function change(context: Context, by: (now: RoutesRecord) => RoutesRecord): Promise<void> {
  const cluster = await needCluster(context);
  await exclusively(context, async () => {
    await writeRoutes(context.key, by(await recorded(context)));
    await syncTranslation(context.key);
    await syncRoutes(context.key, cluster);
  });
}

async function recorded(context: Context): Promise<RoutesRecord> {
  return (await readRoutes(context.key)) ?? { pods: {}, services: [] };
}

async function needMachines(context: Context, names: readonly string[]): Promise<void> {
  const known = (await readMachines(context.key)).map((machine) => machine.name);
  const missing = names.map(machineName).filter((name) => !known.includes(name));
  if (missing.length > 0) throw new ProviderError('not-found', `there is no machine ${missing.join(', ')}`);
}

/** The range as the kernel writes it. @throws ProviderError `invalid` */
function canonical(text: string): string {
  try {
    const range = parseCidr(text);
    if (text.includes('/') && formatCidr(range) === text && range.size > 1) return text;
  } catch {}
  throw new ProviderError(
    'invalid',
    `${JSON.stringify(text.slice(0, 80))} is not a range such as 10.200.1.0/24`,
  );
}

function without(pods: RoutesRecord['pods'], destination: string): RoutesRecord['pods'] {
  return Object.fromEntries(Object.entries(pods).filter(([range]) => range !== destination));
}
