import type { Provider } from '../../../src/providers/provider.ts';
import { type CallCount, each } from '../shared/calls.ts';
import { type Harness, startGce, ZONES } from './harness.ts';

const [b, c, d] = ZONES;
/** A change, and the `wait` that says how it ended: the change's own answer only says that it has begun. */
const global = (method: string) => [method, 'globalOperations.wait'];
const regional = (method: string) => [method, 'regionOperations.wait'];
const zonal = (method: string) => [method, 'zoneOperations.wait'];
/** A machine: its internal address goes on its certificates, its external one is where it is reached: both are GCE's choice. */
const machine = [...zonal('instances.insert'), 'instances.get'];

/**
 * Names are haup's own and hold the cluster's uid, so that most things need not be looked for before they are changed:
 * GCE refuses a second one, and says of a missing one that it is not found.
 */
const LEAST = {
  create: [
    // Who may reach what: the API, SSH, the masters among themselves, health checks (sources and ports differ); and nobody else, which
    // the network's own rules would let in.
    ...each(5, ...global('firewalls.insert')),
    // The API address, and which one it has become: it goes on the certificates.
    ...regional('addresses.insert'),
    'addresses.get',
    ...machine,
    // A VM has one access config. It was reached by an ephemeral address until it served, and may have the API address
    // only then; one cannot be changed into the other.
    ...zonal('instances.deleteAccessConfig'),
    ...zonal('instances.addAccessConfig'),
  ],
  '1 → 3': [
    ...each(2, ...machine),
    // The balancer: health check, a group a zone (groups are zonal), backend service.
    ...regional('regionHealthChecks.insert'),
    ...each(3, ...zonal('instanceGroups.insert')),
    ...regional('regionBackendServices.insert'),
    // One VM into each zone's group.
    ...each(3, ...zonal('instanceGroups.addInstances')),
    // Without a rule there is no health, and without health no proof that the balancer serves: a temporary one, whose
    // address, GCE's choice, the health is asked for by. Not for good: it is not the API address.
    ...regional('forwardingRules.insert'),
    'forwardingRules.list',
    // The address is taken, and given: it has one user.
    ...zonal('instances.deleteAccessConfig'),
    ...regional('forwardingRules.insert'),
    // The machine that had it cannot be reached without another one.
    ...zonal('instances.addAccessConfig'),
    ...regional('forwardingRules.delete'),
  ],
  replace: [
    ...machine,
    // Who is in the group of the zone: a machine that somebody deleted has left it by itself.
    'instanceGroups.listInstances',
    ...zonal('instanceGroups.addInstances'),
    ...zonal('instanceGroups.removeInstances'),
    ...zonal('instances.delete'),
  ],
  delete: [
    // In the order in which they use each other: rule, backend service, health check and groups.
    ...regional('forwardingRules.delete'),
    ...regional('regionBackendServices.delete'),
    ...regional('regionHealthChecks.delete'),
    ...each(3, ...zonal('instanceGroups.delete')),
    // Which machines carry the uid, and which boot disks: also those that are in no spec.
    'instances.aggregatedList',
    ...each(3, ...zonal('instances.delete')),
    'disks.aggregatedList',
    ...regional('addresses.delete'),
    ...each(5, ...global('firewalls.delete')),
  ],
} as const;

/** Counts the calls of create, 1 → 3, replace and delete, in simulated time. */
export async function countCalls(): Promise<readonly CallCount[]> {
  const gce = await startGce();
  try {
    return await count(gce);
  } finally {
    await gce.close();
  }
}

async function count(gce: Harness): Promise<readonly CallCount[]> {
  const counts: CallCount[] = [];
  /** Each operation is a process of its own, which knows nothing but what it asks for. */
  const operation = async (name: keyof typeof LEAST, steps: (provider: Provider) => Promise<void>) => {
    const before = gce.cloud.faults.calls.length;
    await steps(gce.open());
    const all = gce.cloud.faults.calls.slice(before).map((call) => call.method);
    const calls = all.filter((method) => method !== 'regionBackendServices.getHealth');
    const polling = all.length - calls.length;
    counts.push({ cloud: 'GCE', operation: name, calls, polling, least: LEAST[name] });
  };
  const make = (provider: Provider, name: string, zone: string) =>
    provider.machines.create({ name, zone, role: 'master', bootScript: '#!/bin/sh\n', requestToken: name });
  await operation('create', async (provider) => {
    await provider.network.ensure();
    await provider.address.reserve();
    await make(provider, 'demo-master', b);
    await provider.address.handOver({ kind: 'machine', name: 'demo-master' });
  });
  await operation('1 → 3', async (provider) => {
    await Promise.all([make(provider, 'demo-master-c', c), make(provider, 'demo-master-d', d)]);
    await provider.balancer.ensure(ZONES);
    await provider.balancer.setTargets(['demo-master', 'demo-master-c', 'demo-master-d']);
    await provider.address.handOver({ kind: 'balancer' });
  });
  await operation('replace', async (provider) => {
    await make(provider, 'demo-master-new', c);
    await provider.balancer.setTargets(['demo-master', 'demo-master-d', 'demo-master-new']);
    await provider.machines.delete('demo-master-c');
  });
  await operation('delete', async (provider) => {
    await provider.balancer.delete();
    const machines = await provider.machines.list();
    await Promise.all(machines.map((machine) => provider.machines.delete(machine.name)));
    await provider.address.release();
    await provider.network.delete();
  });
  return counts;
}
