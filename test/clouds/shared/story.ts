import { ProviderError } from '../../../src/providers/errors.ts';
import type { MachineRequest, Provider } from '../../../src/providers/provider.ts';

/** What a story wants at a moment: these replicas, in order; the first holds the address when it is alone. */
export interface Wanted {
  readonly replicas: readonly { readonly name: string; readonly zone: string }[];
  /** Changes with every change of the spec. */
  readonly revision: number;
}

/** A spec from names and zones: `demo-master@europe-west1-b`. */
export function want(revision: number, ...replicas: readonly string[]): Wanted {
  return {
    revision,
    replicas: replicas.map((each) => ({ name: each.split('@')[0] ?? '', zone: each.split('@')[1] ?? '' })),
  };
}

/** How often the cloud has finally refused each machine: what haup keeps in its spec, from one process to the next. */
export type Attempts = Map<string, number>;

/**
 * Makes the cloud what is wanted, whatever it is now, in the order in which haup does: a small stand-in for
 * src/cluster, without etcd. Idempotent as the provider's calls are.
 */
export async function converge(
  provider: Provider,
  { replicas, revision }: Wanted,
  attempts: Attempts = new Map(),
): Promise<void> {
  if (replicas.length === 0) return removeAll(provider);
  const { machines, address, balancer, network } = provider;
  if (!(await network.ready())) await network.ensure();
  const names = replicas.map((each) => each.name);
  const api = (await address.read()) ?? (await address.reserve());
  const present = await machines.list();
  const missing = replicas.filter((each) => !present.some((machine) => machine.name === each.name));
  await settle(
    missing.map(({ name, zone }) =>
      create(
        provider,
        { name, zone, role: 'master', bootScript: '#!/bin/sh\ntrue\n', requestToken: `${revision}` },
        attempts,
      ),
    ),
  );
  const stopped = present.filter((machine) => machine.state === 'stopped' && names.includes(machine.name));
  await settle(stopped.map((machine) => machines.start(machine.name)));
  if (names.length > 1) {
    const zones = [...new Set(replicas.map((each) => each.zone))];
    const state = await balancer.read();
    if (!state?.complete) await balancer.ensure(zones);
    const now = (await balancer.read())?.targets.map((target) => target.replica) ?? [];
    if (now.join() !== [...names].sort().join()) await balancer.setTargets(names);
    if (api.holder.kind !== 'balancer') await address.handOver({ kind: 'balancer' });
  } else {
    const [name = ''] = names;
    if (api.holder.kind !== 'machine' || api.holder.name !== name)
      await address.handOver({ kind: 'machine', name });
    if (await balancer.read()) await balancer.delete();
  }
  const extra = present.filter((machine) => !names.includes(machine.name));
  await settle(extra.map((machine) => machines.delete(machine.name)));
}

/**
 * A request token is the same for a retry of one call and another one after any terminal answer (see MachineRequest,
 * and createMachine of src/cluster): a cloud remembers a refusal by its token, and only repeats it.
 */
async function create(provider: Provider, request: MachineRequest, attempts: Attempts): Promise<void> {
  const { name } = request;
  const attempt = attempts.get(name) ?? 0;
  try {
    await provider.machines.create({
      ...request,
      requestToken: `${name} ${request.requestToken} ${attempt}`,
    });
  } catch (error) {
    if (error instanceof ProviderError && error.kind !== 'transient') attempts.set(name, attempt + 1);
    throw error;
  }
}

async function removeAll({ machines, address, balancer, network }: Provider): Promise<void> {
  await balancer.delete();
  const present = await machines.list();
  await settle(present.map((machine) => machines.delete(machine.name)));
  await address.release();
  await network.delete();
}

/** Side by side, and done when all are: a failure of one does not leave another running behind our back. */
async function settle(work: readonly Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((each) => each.status === 'rejected');
  if (failed) throw failed.reason;
}
