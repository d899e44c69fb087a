import { ProviderError } from '../../errors.ts';
import type { Address, ApiAddress, Holder } from '../../provider.ts';
import { type Context, exclusively, needCluster } from '../context.ts';
import { namespaceExists } from '../fabric/netns.ts';
import { readTranslation } from '../fabric/rules.ts';
import { syncTranslation } from '../fabric/translation.ts';
import { isPoweredOn } from '../machine/power.ts';
import { fabricNamespace } from '../names.ts';
import { registerCluster } from '../registry.ts';
import {
  type AddressRecord,
  forgetAddress,
  readAddress,
  readMachine,
  readMachines,
  writeAddress,
  writeMachine,
} from '../state.ts';
import { apiIp, BALANCER_IP } from './addresses.ts';
import { freeEphemeral } from './allocate.ts';

export function localAddress(context: Context, balancerComplete: () => Promise<boolean>): Address {
  return {
    reserve: () => reserve(context),
    read: () => readAddressInForce(context),
    handOver: (to) => handOver(context, to, balancerComplete),
    release: () => release(context),
  };
}

async function reserve(context: Context): Promise<ApiAddress> {
  const cluster = await registerCluster(context.cluster, context.signal);
  return await exclusively(context, async () => {
    const known = await readAddress(context.key);
    if (known) return await inForce(context, known);
    const record: AddressRecord = { ip: apiIp(cluster.slot), holder: { kind: 'nobody' } };
    await writeAddress(context.key, record);
    return record;
  });
}

/** Null when none is reserved. */
export async function readAddressInForce(context: Context): Promise<ApiAddress | null> {
  const record = await readAddress(context.key);
  return record && (await inForce(context, record));
}

/** The rules say who has the address; where a reboot has taken them, the record says whose it will be again. */
async function inForce(context: Context, record: AddressRecord): Promise<ApiAddress> {
  const namespace = fabricNamespace(context.key);
  const rules = (await namespaceExists(namespace)) ? await readTranslation(namespace) : null;
  if (!rules) return record;
  const owner = rules.external.get(record.ip);
  return { ip: record.ip, holder: await holderAt(context, owner) };
}

async function holderAt(context: Context, owner: string | undefined): Promise<Holder> {
  if (owner === BALANCER_IP) return { kind: 'balancer' };
  const machine = (await readMachines(context.key)).find((each) => each.internalIp === owner);
  return machine ? { kind: 'machine', name: machine.name } : { kind: 'nobody' };
}

async function handOver(
  context: Context,
  to: Exclude<Holder, { kind: 'nobody' }>,
  balancerComplete: () => Promise<boolean>,
): Promise<void> {
  const cluster = await needCluster(context);
  await exclusively(context, async () => {
    const address = await readAddress(context.key);
    if (!address) throw new ProviderError('not-found', 'no API address is reserved');
    if (to.kind === 'machine') await needRunning(context, to.name);
    else if (!(await balancerComplete()))
      throw new ProviderError('conflict', 'the load balancer is not complete');
    // As in a cloud, a machine has one external address: the static one stands in for the ephemeral one, and who loses
    // the static one gets a new ephemeral one. Prepared first: as long as it holds the address, it is not in force.
    const { holder } = address;
    const loser = holder.kind === 'machine' ? await readMachine(context.key, holder.name) : null;
    if (loser && loser.name !== (to.kind === 'machine' ? to.name : null)) {
      const ephemeralIp = await freeEphemeral(context, cluster, loser.ephemeralIp);
      await writeMachine(context.key, { ...loser, ephemeralIp });
    }
    await writeAddress(context.key, { ...address, holder: to });
    await syncTranslation(context.key);
  });
}

async function needRunning(context: Context, name: string): Promise<void> {
  if (!(await readMachine(context.key, name)))
    throw new ProviderError('not-found', `there is no machine ${name}`);
  if (await isPoweredOn(context.key, name)) return;
  throw new ProviderError('conflict', `the machine ${name} is stopped: it cannot be given the API address`);
}

async function release(context: Context): Promise<void> {
  if (!(await readAddress(context.key))) return;
  await exclusively(context, async () => {
    const address = await readAddressInForce(context);
    if (address && address.holder.kind !== 'nobody') {
      const { holder } = address;
      const who = holder.kind === 'machine' ? `the machine ${holder.name}` : 'the load balancer';
      throw new ProviderError('conflict', `the API address ${address.ip} is in use by ${who}`);
    }
    await forgetAddress(context.key);
    await syncTranslation(context.key);
  });
}
