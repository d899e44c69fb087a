import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { shellScript } from '../../../ssh/script.ts';
import type { Variables } from '../../../util/variables.ts';
import { GiveUp, waitFor } from '../../../util/wait.ts';
import { ProviderError } from '../../errors.ts';
import { subnetGateway } from '../address/addresses.ts';
import { isPopulated, needCgroupRoot } from '../host/cgroups.ts';
import { readText } from '../host/files.ts';
import { machineNamespace } from '../names.ts';
import { machineFolder, runFolder } from '../paths.ts';
import type { MachineRecord } from '../state.ts';
import { diskOf } from './disk.ts';
import { endLaunched, groupFor, type Launched, launch } from './launch.ts';
import { limitsOf } from './limits.ts';
import { nspawnArguments, writableApis } from './nspawn.ts';

/** What a machine is made of when its power is on: a control group with nspawn and the machine's own processes. */
export interface PowerOn {
  readonly key: string;
  readonly machine: MachineRecord;
  /** The folder of the image with the machine's owners. */
  readonly image: string;
  /** The operator's folder of binaries, shown read-only. */
  readonly binaries: string;
  /** The folder of the folders of all releases, shown beside it; absent: not shown. */
  readonly releases?: string | undefined;
  /** The folder of archives of images, shown read-only; absent: not shown. */
  readonly images?: string | undefined;
  readonly environment: Variables;
}

/**
 * In a mount namespace of its own: the disk is assembled, everything of the host's that a machine must not hold on to is
 * let go, and nspawn boots it. The lock on the machine's folder makes a second boot of the same disk impossible. What
 * ends by itself (`poweroff` inside) takes its link down, so that nobody answers for the machine; nspawn leaves a `reboot`
 * inside to us, with the code 133.
 *
 * This program waits in a group of its own, so that the machine's has no process itself: only then can nspawn hand
 * controllers on to what is below it. What a boot leaves of its groups is not used again: on Linux 6.18 processes
 * in a group that was killed once die at once.
 *
 * A machine with its own users has its own network as well: `plug` moves the link in and gives it its address, at every
 * boot, and it comes back here afterwards, for without it nobody could boot the machine again.
 */
const BOOT = shellScript('providers/local/scripts/boot-machine.sh')({});

function unitName(key: string, name: string): string {
  return `haup-${key}.m.${name}`;
}

/** The control group of a machine: nspawn and the machine's own processes. */
export async function machineGroup(key: string, name: string): Promise<string> {
  return await groupFor(await needCgroupRoot(), unitName(key, name));
}

export async function isPoweredOn(key: string, name: string): Promise<boolean> {
  return await isPopulated(await machineGroup(key, name));
}

/** Boots the machine's disk in its (fresh) namespace. Resolves when its first process runs. */
export async function powerOn(request: PowerOn, signal: AbortSignal): Promise<void> {
  const { key, machine } = request;
  const { name, role, uidBase, internalIp } = machine;
  const group = await machineGroup(key, name);
  const log = join(runFolder(key), `${name}.console`);
  const folder = machineFolder(key, name);
  const launched = await launch({
    unit: unitName(key, name),
    group,
    namespace: machineNamespace(key, name),
    log,
    program: BOOT,
    args: [
      folder,
      request.image,
      writableApis(role),
      uidBase === 0 ? 'host' : 'own',
      internalIp,
      subnetGateway(internalIp),
      ...nspawnArguments({
        ...machine,
        binaries: request.binaries,
        releases: request.releases,
        images: request.images,
        disk: diskOf(folder),
      }),
    ],
    confinement: { role, limits: limitsOf(role, request.environment) },
  });
  await started(name, group, log, launched, signal);
}

async function started(name: string, group: string, log: string, launched: Launched, signal: AbortSignal) {
  let ended: number | null = null;
  launched.ended.then(
    (code) => {
      ended = code;
    },
    () => {
      ended = 127;
    },
  );
  await waitFor(
    async () => {
      // nspawn puts the machine's processes into `payload` and itself into `supervisor`.
      if (await isPopulated(join(group, 'payload'))) return true;
      if (ended !== null) throw new GiveUp(await bootFailure(name, log, ended));
      return undefined;
    },
    { what: `${name} to boot`, timeoutMs: 30_000, intervalMs: 5, maxIntervalMs: 50, signal },
  );
}

/** The host's number for the first process of a machine that runs. */
export async function firstProcess(key: string, name: string): Promise<number> {
  const group = join(await machineGroup(key, name), 'payload');
  // systemd moves itself to a group of its own.
  for (const place of [join(group, 'init.scope'), group]) {
    const [pid] = ((await readText(join(place, 'cgroup.procs'))) ?? '').split('\n');
    if (pid) return Number(pid);
  }
  throw new ProviderError('transient', `the machine ${name} has no first process`);
}

async function bootFailure(name: string, log: string, code: number): Promise<ProviderError> {
  const words = (await readFile(log, 'utf8')).trim().split('\n').slice(-3).join('; ');
  return new ProviderError('transient', `${name} did not boot (exit code ${code}): ${words}`);
}

/** Ends every process of the machine at once, as a pulled plug does. No packet leaves if it was cut off before. */
export async function powerOff(key: string, name: string): Promise<void> {
  await endLaunched(unitName(key, name), await machineGroup(key, name));
}
