import { readdir } from 'node:fs/promises';
import { builtImagesFolder } from '../../artifacts/images/offline.ts';
import { makeFolder } from '../../util/files.ts';
import { ProviderError } from '../errors.ts';
import type { Machine, MachineRequest, Machines } from '../provider.ts';
import { needRole } from '../shared/role.ts';
import { readAddressInForce } from './address/address.ts';
import { privateIps, zonesOf } from './address/addresses.ts';
import { anyFree, freeEphemeral } from './address/allocate.ts';
import { forgetTarget } from './balancer/balancer.ts';
import { type Context, exclusively, needCluster } from './context.ts';
import { plugIn, unplug } from './fabric/fabric.ts';
import { deleteNamespace, ensureNamespace } from './fabric/netns.ts';
import { isRoutedTo, syncRoutes } from './fabric/routes.ts';
import { syncTranslation } from './fabric/translation.ts';
import { ensureImage, ensureShiftedImage } from './image/ensure.ts';
import { ensureDisk, makeMachine } from './machine/disk.ts';
import { isPoweredOn, powerOff, powerOn } from './machine/power.ts';
import { share } from './machine/share.ts';
import { SHIFTED } from './machine/uids.ts';
import { machineName, machineNamespace } from './names.ts';
import { machineFolder } from './paths.ts';
import { forgetRoutes } from './pod-routes.ts';
import {
  type ClusterRecord,
  type MachineRecord,
  readAddress,
  readMachine,
  readMachines,
  removeFolder,
  writeAddress,
  writeMachine,
} from './state.ts';

export function localMachines(context: Context): Machines {
  return {
    list: () => list(context),
    create: (request) => create(context, request),
    start: (name) => start(context, name),
    delete: (name) => remove(context, name),
  };
}

async function list(context: Context): Promise<Machine[]> {
  const [records, address] = await Promise.all([readMachines(context.key), readAddressInForce(context)]);
  return await Promise.all(
    records.map(async (record) => {
      const holds = address?.holder.kind === 'machine' && address.holder.name === record.name;
      const running = await isPoweredOn(context.key, record.name);
      const externalIp = holds ? address.ip : running ? record.ephemeralIp : null;
      const { name, role, zone, internalIp } = record;
      return {
        name,
        role,
        zone,
        state: running ? 'running' : 'stopped',
        internalIp,
        externalIp,
        sshHost: running ? externalIp : null,
      };
    }),
  );
}

async function describe(context: Context, name: string): Promise<Machine> {
  const machine = (await list(context)).find((each) => each.name === name);
  if (machine) return machine;
  throw new ProviderError('not-found', `there is no machine ${name}`);
}

async function create(context: Context, request: MachineRequest): Promise<Machine> {
  const name = machineName(request.name);
  const zoneIndex = zonesOf(context.cluster.region).indexOf(request.zone);
  if (zoneIndex < 0) {
    const zones = zonesOf(context.cluster.region).join(', ');
    throw new ProviderError('not-found', `there is no zone ${request.zone}; the zones are ${zones}`);
  }
  await needCluster(context);
  await exclusively(context, async () => {
    const records = await readMachines(context.key);
    const known = records.find((record) => record.name === name);
    if (known && known.zone !== request.zone) {
      throw new ProviderError(
        'conflict',
        `the machine ${name} exists in zone ${known.zone}, not in ${request.zone}`,
      );
    }
    if (known) return needRole(name, known.role, request.role);
    const internalIp = anyFree(
      privateIps(zoneIndex),
      records.map((record) => record.internalIp),
      request.zone,
    );
    const { role, zone } = request;
    // Of nodes runc needs to be the host's root.
    const uidBase = role === 'master' ? SHIFTED : 0;
    const made = { name, role, uidBase, zone, internalIp, ephemeralIp: null, isolated: false };
    const record = role === 'node' ? { ...made, programs: ofNodes(context) } : made;
    await makeMachine(context.key, record, request);
  });
  return await start(context, name);
}

/** Also the second half of every creation. Does nothing to a machine that runs. */
export async function start(context: Context, name: string): Promise<Machine> {
  machineName(name);
  const cluster = await needCluster(context);
  // Before the lock: building it may take long.
  const image = await imageFor(context, await readMachine(context.key, name));
  const booting = await exclusively(context, async () => {
    const record = await readMachine(context.key, name);
    if (!record) throw new ProviderError('not-found', `there is no machine ${name}`);
    if (await isPoweredOn(context.key, name)) return null;
    await ensureDisk(context.key, record);
    await connect(context, cluster, record);
    return record;
  });
  if (booting) {
    context.progress(`${name}: waiting for the machine to boot`);
    const { key, environment, binariesFolder, releasesFolder } = context;
    const binaries = booting.role === 'node' ? await programsOf(context, booting) : binariesFolder;
    await share(binaries);
    const shown =
      booting.role === 'master' ? { releases: releasesFolder } : { images: await imagesOf(context) };
    await powerOn({ key, machine: booting, image, binaries, environment, ...shown }, context.signal);
  }
  return await describe(context, name);
}

function ofNodes({ nodeBinariesFolder, binariesFolder }: Context): string {
  return nodeBinariesFolder ?? binariesFolder;
}

/**
 * Where a node's programs are: it boots with those that it was made with, whatever version the cluster has by now, as a node does in a cloud.
 * @throws ProviderError when they are not there any more: an empty folder in their place would be a node on which nothing starts.
 */
async function programsOf(context: Context, { name, programs }: MachineRecord): Promise<string> {
  const folders = [...(programs === undefined ? [] : [programs]), ofNodes(context)];
  for (const folder of folders) if ((await readdir(folder).catch(() => [])).length > 0) return folder;
  throw new ProviderError('preflight', `the programs of ${name} are gone: ${folders[0]} has none`, {
    advice: { to: 'make a node with new ones in its place', command: 'replace-node', replicas: [name] },
  });
}

/** Archives that are built later are seen in it too. */
async function imagesOf({ cacheFolder }: Context): Promise<string> {
  const folder = builtImagesFolder(cacheFolder);
  await makeFolder(folder);
  return folder;
}

async function imageFor(context: Context, record: MachineRecord | null): Promise<string> {
  const ensure = record && record.uidBase !== 0 ? ensureShiftedImage : ensureImage;
  return await ensure({ ...context, onProgress: context.progress });
}

/** A fresh namespace (nothing of an earlier boot's connections), its link, and a new external address, as in a cloud. */
async function connect(context: Context, cluster: ClusterRecord, record: MachineRecord): Promise<void> {
  const namespace = machineNamespace(context.key, record.name);
  await deleteNamespace(namespace);
  await ensureNamespace(namespace);
  await plugIn(context.key, namespace, record.internalIp);
  const ephemeralIp = await freeEphemeral(context, cluster, record.ephemeralIp);
  await writeMachine(context.key, { ...record, ephemeralIp });
  await syncTranslation(context.key);
  if (await isRoutedTo(context.key, record.name)) await syncRoutes(context.key, cluster);
}

async function remove(context: Context, name: string): Promise<void> {
  machineName(name);
  await exclusively(context, async () => {
    const record = await readMachine(context.key, name);
    await takeDown(context, name, record);
    await forgetTarget(context, name);
    await forgetRoutes(context, name);
    const address = await readAddress(context.key);
    if (address?.holder.kind === 'machine' && address.holder.name === name) {
      await writeAddress(context.key, { ...address, holder: { kind: 'nobody' } });
    }
    await removeFolder(machineFolder(context.key, name));
    await removeFolder(machineFolder(context.key, name).replace(/[^/]+$/, (leaf) => `.new-${leaf}`));
    await syncTranslation(context.key);
  });
}

/** Ends the machine's processes and its network, in that order or, for silence, after it was cut off. */
export async function takeDown(context: Context, name: string, record: MachineRecord | null): Promise<void> {
  await powerOff(context.key, name);
  await deleteNamespace(machineNamespace(context.key, name));
  if (record) await unplug(context.key, record.internalIp);
}
