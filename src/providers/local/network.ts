import { rm, rmdir } from 'node:fs/promises';
import { exec } from '../../util/exec.ts';
import type { Network } from '../networks.ts';
import { deleteBalancer } from './balancer/balancer.ts';
import { type Context, exclusively } from './context.ts';
import { deleteFabric, ensureFabric, fabricReady, isPluggedIn, plugIn } from './fabric/fabric.ts';
import { deleteNamespace } from './fabric/netns.ts';
import { peersOf, peersReady } from './fabric/peers.ts';
import { syncRoutes } from './fabric/routes.ts';
import { syncTranslation } from './fabric/translation.ts';
import { endGroup, putInForce, tellPeers } from './groups.ts';
import { firstProcess, isPoweredOn } from './machine/power.ts';
import { takeDown } from './machines.ts';
import { machineNamespace } from './names.ts';
import { RUN_ROOT, runFolder } from './paths.ts';
import { routesReady, settleRoutes } from './pod-routes.ts';
import { forgetCluster, registerCluster } from './registry.ts';
import { type MachineRecord, readCluster, readMachines } from './state.ts';

export function localNetwork(context: Context): Omit<Network, 'routes' | 'groups'> {
  return {
    ready: () => ready(context),
    ensure: () => ensure(context),
    delete: () => remove(context),
  };
}

async function ready(context: Context): Promise<boolean> {
  const record = await readCluster(context.key);
  if (!record || !(await fabricReady(context.key, record))) return false;
  if (!(await peersReady(context.key)) || !(await routesReady(context))) return false;
  return (await unplugged(context)).length === 0;
}

/** Machines that run without a link: what is left of them when only the fabric was lost. */
async function unplugged(context: Context): Promise<MachineRecord[]> {
  const records = await readMachines(context.key);
  const lost = await Promise.all(
    records.map(
      async (record) =>
        (await isPoweredOn(context.key, record.name)) && !(await isPluggedIn(context.key, record.internalIp)),
    ),
  );
  return records.filter((_, index) => lost[index]);
}

async function ensure(context: Context): Promise<void> {
  const record = await registerCluster(context.cluster, context.signal);
  await exclusively(context, async () => {
    await ensureFabric(context.key, record);
    for (const machine of await unplugged(context)) {
      await plugInAgain(context.key, machine);
    }
    await syncTranslation(context.key);
    await syncRoutes(context.key, record);
    await settleRoutes(context);
  });
  await putInForce(context.key, record, context.signal);
}

/** A machine with users of its own has a network of its own: that of its first process. */
async function plugInAgain(key: string, { name, uidBase, internalIp }: MachineRecord): Promise<void> {
  const outside = machineNamespace(key, name);
  if (uidBase === 0) return await plugIn(key, outside, internalIp);
  const inside = `${outside}.in`;
  await deleteNamespace(inside);
  await exec('ip', ['netns', 'attach', inside, String(await firstProcess(key, name))]);
  try {
    await plugIn(key, inside, internalIp);
  } finally {
    await deleteNamespace(inside);
  }
}

async function remove(context: Context): Promise<void> {
  await endGroup(context.cluster.uid, context.signal);
  const peers = await peersOf(context.key);
  await deleteBalancer(context);
  for (const machine of await readMachines(context.key)) await takeDown(context, machine.name, machine);
  await deleteFabric(context.key);
  await rm(runFolder(context.key), { recursive: true, force: true });
  await forgetCluster(context.key, context.signal);
  // Whoever gets its addresses next is no peer of theirs.
  await tellPeers(peers, context.signal);
  // Another cluster's being there is the normal reason for these to fail.
  await rmdir(RUN_ROOT).catch(() => {});
}
