import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolder } from '../../../util/files.ts';
import { ProviderError } from '../../errors.ts';
import type { MachineRequest } from '../../provider.ts';
import { exists, writeJson } from '../host/files.ts';
import { BOOT_SCRIPT } from '../image/recipe.ts';
import { machineFolder, machinesFolder } from '../paths.ts';
import { MACHINE_RECORD, type MachineRecord, removeFolder } from '../state.ts';

/** A machine's disk is the upper layer of an overlay on the image; `root` is where it is mounted when the power is on. */
export interface Disk {
  /** A node's images and containers: a folder of the host's file system, part of the disk all the same. */
  readonly containerd: string;
}

export function diskOf(folder: string): Disk {
  return { containerd: join(folder, 'disk/containerd') };
}

const BOOT_SCRIPT_LIMIT = 12 * 1024;

/**
 * Makes a machine's folder with its disk and record: complete at once or not at all. From then on the machine exists,
 * stopped, and everything else is a matter of starting it.
 * @throws ProviderError `invalid` when the boot script is too long
 */
export async function makeMachine(
  key: string,
  record: MachineRecord,
  request: MachineRequest,
): Promise<void> {
  if (Buffer.byteLength(request.bootScript) > BOOT_SCRIPT_LIMIT) {
    throw new ProviderError('invalid', `the boot script is longer than ${BOOT_SCRIPT_LIMIT} bytes`);
  }
  const unfinished = join(machinesFolder(key), `.new-${record.name}`);
  await rm(unfinished, { recursive: true, force: true });
  try {
    await makeDisk(unfinished, record);
    const upper = join(unfinished, 'disk/upper');
    const { uidBase } = record;
    await put(upper, BOOT_SCRIPT, request.bootScript, uidBase);
    await writeJson(join(unfinished, MACHINE_RECORD), record);
    await rename(unfinished, machineFolder(key, record.name));
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw error;
  }
}

/** Gives the machine an empty disk: a bare image, without the boot script, without whatever haup ever put there. */
export async function wipeDisk(key: string, record: MachineRecord): Promise<void> {
  const folder = machineFolder(key, record.name);
  await removeFolder(join(folder, 'disk'));
  await makeDisk(folder, record);
}

/** Makes an empty disk where a crash in the middle of {@link wipeDisk} left none. */
export async function ensureDisk(key: string, record: MachineRecord): Promise<void> {
  const folder = machineFolder(key, record.name);
  if (!(await exists(join(folder, 'disk')))) await makeDisk(folder, record);
}

async function makeDisk(
  folder: string,
  { name, role, uidBase }: Pick<MachineRecord, 'name' | 'role' | 'uidBase'>,
): Promise<void> {
  const unfinished = join(folder, '.new-disk');
  await rm(unfinished, { recursive: true, force: true });
  const upper = join(unfinished, 'upper');
  await makeFolder(join(folder, 'root'));
  await makeFolder(join(unfinished, 'work'));
  await makeFolder(upper);
  if (role === 'node') await makeFolder(join(unfinished, 'containerd'));
  // The layer's own mode is the mode of the machine's root folder.
  await chmod(upper, 0o755);
  await chown(upper, uidBase, uidBase);
  await put(upper, '/etc/machine-id', `${randomBytes(16).toString('hex')}\n`, uidBase, 0o444);
  await put(upper, '/etc/hostname', `${name}\n`, uidBase, 0o644);
  const hosts = `127.0.0.1 localhost\n127.0.1.1 ${name}\n::1 localhost\n`;
  await put(upper, '/etc/hosts', hosts, uidBase, 0o644);
  await rename(unfinished, join(folder, 'disk'));
}

/** Writes a file into the layer; folders get the modes that they have in the image, whatever our umask. */
async function put(upper: string, path: string, content: string, owner: number, mode = 0o600): Promise<void> {
  const file = join(upper, path);
  for (let folder = dirname(file); folder.length > upper.length; folder = dirname(folder)) {
    await mkdir(folder, { recursive: true });
    await chmod(folder, 0o755);
    await chown(folder, owner, owner);
  }
  await writeFile(file, content);
  await chmod(file, mode);
  await chown(file, owner, owner);
}
