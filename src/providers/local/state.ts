import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { SLOTS } from './address/addresses.ts';
import { isMissing, readJson, writeJson } from './host/files.ts';
import { clusterFolder, machineFolder, machinesFolder, STATE_ROOT } from './paths.ts';

/**
 * What the local cloud remembers, as a cloud's control plane would: small files below {@link STATE_ROOT}. Whether a
 * machine runs, or a rule is in force, is never among it: that is looked up in the kernel.
 */
const clusterRecord = z.object({
  version: z.literal(1),
  name: z.string(),
  uid: z.string(),
  region: z.string(),
  apiPort: z.number().int(),
  /** Which /24 of the external range is the cluster's. */
  slot: z
    .number()
    .int()
    .min(0)
    .max(SLOTS - 1),
});
export type ClusterRecord = z.infer<typeof clusterRecord>;

const holder = z.union([
  z.object({ kind: z.literal('machine'), name: z.string() }),
  z.object({ kind: z.literal('balancer') }),
  z.object({ kind: z.literal('nobody') }),
]);

const addressRecord = z.object({ ip: z.ipv4(), holder });
export type AddressRecord = z.infer<typeof addressRecord>;

/** The record's file in the machine's folder. */
export const MACHINE_RECORD = 'machine.json';

const machineRecord = z.object({
  name: z.string(),
  /** Absent in records from before roles. */
  role: z.enum(['master', 'node']).default('master'),
  /** What the host adds to the machine's user and group ids: 0 for nodes, and for machines from before they were shifted. */
  uidBase: z.number().int().default(0),
  zone: z.string(),
  internalIp: z.ipv4(),
  /** Changes at every start; null while the machine is stopped or holds the API address. */
  ephemeralIp: z.ipv4().nullable(),
  /** Its cable is unplugged: by `isolate` until `heal`. */
  isolated: z.boolean(),
  /** Of a node: the folder of the programs that it was made with. Absent in records from before they were kept. */
  programs: z.string().optional(),
});
export type MachineRecord = z.infer<typeof machineRecord>;

const balancerRecord = z.object({
  /** Machines that new connections go to, or are about to. */
  targets: z.array(z.string()),
});
export type BalancerRecord = z.infer<typeof balancerRecord>;

const routesRecord = z.object({
  /** Range of pods' addresses → the machine that it leads to. */
  pods: z.record(z.string(), z.string()).default({}),
  /** The machines that Services' external addresses lead to. */
  services: z.array(z.string()).default([]),
  /** It was written down, and perhaps not put in force: whoever comes after does that. */
  pending: z.boolean().default(false),
});
export type RoutesRecord = z.infer<typeof routesRecord>;

const groupsRecord = z.object({ groups: z.array(z.string()) });

export const readCluster = (key: string) => readJson(join(clusterFolder(key), 'cluster.json'), clusterRecord);
export const readAddress = (key: string) => readJson(join(clusterFolder(key), 'address.json'), addressRecord);
export const readBalancer = (key: string) =>
  readJson(join(clusterFolder(key), 'balancer.json'), balancerRecord);
/** Null where there never was one. */
export const readRoutes = (key: string) => readJson(join(clusterFolder(key), 'routes.json'), routesRecord);
/** The groups that the cluster is in, in order; null where it never was in one, or nothing is left of that. */
export const readGroups = async (key: string): Promise<readonly string[] | null> =>
  (await readJson(join(clusterFolder(key), 'groups.json'), groupsRecord))?.groups ?? null;
export const readMachine = (key: string, name: string) =>
  readJson(join(machineFolder(key, name), MACHINE_RECORD), machineRecord);

export function writeCluster(key: string, record: ClusterRecord): Promise<void> {
  return writeJson(join(clusterFolder(key), 'cluster.json'), record);
}

export function writeAddress(key: string, record: AddressRecord): Promise<void> {
  return writeJson(join(clusterFolder(key), 'address.json'), record);
}

export function writeBalancer(key: string, record: BalancerRecord): Promise<void> {
  return writeJson(join(clusterFolder(key), 'balancer.json'), record);
}

export function writeRoutes(key: string, record: RoutesRecord): Promise<void> {
  return writeJson(join(clusterFolder(key), 'routes.json'), record);
}

export function writeGroups(key: string, groups: readonly string[]): Promise<void> {
  return writeJson(join(clusterFolder(key), 'groups.json'), { groups });
}

export function writeMachine(key: string, record: MachineRecord): Promise<void> {
  return writeJson(join(machineFolder(key, record.name), MACHINE_RECORD), record);
}

export function forgetAddress(key: string): Promise<void> {
  return rm(join(clusterFolder(key), 'address.json'), { force: true });
}

export function forgetGroups(key: string): Promise<void> {
  return rm(join(clusterFolder(key), 'groups.json'), { force: true });
}

export function forgetBalancer(key: string): Promise<void> {
  return rm(join(clusterFolder(key), 'balancer.json'), { force: true });
}

/** Every machine that was made or begun, in name order. Folders that begin with a dot are unfinished or half deleted. */
export async function readMachines(key: string): Promise<MachineRecord[]> {
  const names = (await folders(machinesFolder(key))).filter((name) => !name.startsWith('.'));
  const records = await Promise.all(names.map((name) => readMachine(key, name)));
  return records.filter((record) => record !== null);
}

/** The records of every cluster on this host. */
export async function readClusters(): Promise<ClusterRecord[]> {
  const records = await Promise.all((await folders(STATE_ROOT)).map(readCluster));
  return records.filter((record) => record !== null);
}

/** Takes `folder` out of the way in one step and then deletes it; called again it finishes what a crash left. */
export async function removeFolder(folder: string): Promise<void> {
  const doomed = join(folder, '..', `.gone-${folder.split('/').pop()}`);
  await rm(doomed, { recursive: true, force: true });
  try {
    await rename(folder, doomed);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  await rm(doomed, { recursive: true, force: true });
}

async function folders(parent: string): Promise<string[]> {
  try {
    const entries = await readdir(parent, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
