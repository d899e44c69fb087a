import { UsageError } from '../errors.ts';
import type { Values } from '../flag.ts';
import * as flags from '../flags.ts';

/** Where new masters stand, and in which versions: of every command that makes a control plane. */
export const mastersFlags = {
  provider: flags.provider,
  zone: flags.zone,
  zones: flags.zones,
  replicas: flags.replicas,
  multizone: flags.multizone,
  region: flags.region,
  balancer: flags.balancer,
  kubernetesVersion: flags.kubernetesVersion,
  etcdVersion: flags.etcdVersion,
  apiPort: flags.apiPort,
};

/** What their machines are, and who may reach them. */
export const machinesFlags = {
  project: flags.project,
  machineType: flags.machineType,
  diskSize: flags.diskSize,
  diskType: flags.diskType,
  image: flags.image,
  network: flags.network,
  subnets: flags.subnets,
  allowFrom: flags.allowFrom,
  sshFrom: flags.sshFrom,
};

export const backupFlags = {
  backupTo: flags.backupTo,
  backupEvery: flags.backupEvery,
  backupKeep: flags.backupKeep,
  backupCredentials: flags.backupCredentials,
};

/** The same in a request. */
export function newMasters(given: Values<Omit<typeof mastersFlags, 'zone' | 'zones' | 'replicas'>>) {
  const { provider, region, multizone, kubernetesVersion, etcdVersion, apiPort, balancer } = given;
  return { provider, region, multizone, kubernetesVersion, etcdVersion, apiPort, balancer };
}

/** The same in a request. */
export function machineSettings({ diskSize, ...given }: Values<typeof machinesFlags>) {
  const { project, machineType, diskType, image, network, subnets, allowFrom, sshFrom } = given;
  return {
    project,
    machineType,
    diskSizeGb: diskSize,
    diskType,
    image,
    network,
    subnets,
    allowFrom,
    sshFrom,
  };
}

/**
 * A provider refuses a setting by its own name for it: the user reads the flag, the variable or the line that set it.
 * @param labels by flag
 */
export async function namingSettings<T>(
  labels: Readonly<Record<string, string>>,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error) || !('setting' in error) || typeof error.setting !== 'string') throw error;
    const label = { ...labels, diskSizeGb: labels.diskSize, nodeDiskSizeGb: labels.nodeDiskSize }[
      error.setting
    ];
    if (label === undefined) throw error;
    throw new UsageError(error.message.replace(`setting ${error.setting}`, `setting ${label}`), {
      cause: error,
    });
  }
}
