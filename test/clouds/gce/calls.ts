import type { Provider } from '../../../src/providers/provider.ts';
import { type Harness, startGce, ZONES } from './harness.ts';

/** The API calls of one of haup's operations, as its steps make them. */
export interface CallCount {
  readonly operation: string;
  /** Without polling: what `getHealth` is asked, and a `wait` beyond an operation's first. */
  readonly calls: number;
  readonly polling: number;
  /**
   * The least that the API allows: every change with the `wait` for it, what the cloud has chosen (addresses), and of
   * what is there only the members of the groups, without which nobody knows whom to add and remove.
   */
  readonly least: number;
  /** The methods that were called, with their counts. */
  readonly methods: Readonly<Record<string, number>>;
}

const [b, c, d] = ZONES;
/** A mutation and the `wait` for its operation. */
const change = 2;
/** Who is in each zone's group. */
const members = 3;
/** The same, and what the cloud has chosen: an address, a machine's addresses. */
const changeAndRead = 3;

const LEAST = {
  // Four firewall rules; the address; the machine; its ephemeral address goes, the API address comes.
  create: 4 * change + changeAndRead + changeAndRead + 2 * change,
  // Two machines; health check, three groups, backend service, temporary rule; three members; address taken, rule made,
  // ephemeral address given, temporary rule deleted.
  '1 → 3': 2 * changeAndRead + (1 + 3 + 1) * change + changeAndRead + members + 3 * change + 4 * change,
  // The successor; it comes into its zone's group; the other leaves it; its machine goes.
  replace: changeAndRead + members + 3 * change,
  // Rule, backend service, health check, three groups; three machines; address; four firewall rules.
  delete: (1 + 1 + 1 + 3) * change + 3 * change + change + 4 * change,
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
    const methods: Record<string, number> = {};
    for (const call of gce.cloud.faults.calls.slice(before))
      methods[call.method] = (methods[call.method] ?? 0) + 1;
    const total = gce.cloud.faults.calls.length - before;
    const polling = methods['regionBackendServices.getHealth'] ?? 0;
    counts.push({ operation: name, calls: total - polling, polling, least: LEAST[name], methods });
  };
  const make = (provider: Provider, name: string, zone: string) =>
    provider.machines.create({ name, zone, bootScript: '#!/bin/sh\n', requestToken: name });
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
