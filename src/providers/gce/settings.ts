import type { Remedies } from '../../util/remedy.ts';
import type { ClusterIdentity, MachineRole, ProviderSettings } from '../provider.ts';
import { canonicalCidrs } from '../shared/cidrs.ts';
import { GceError } from './api/errors.ts';
import { regionOf } from './names.ts';

export interface MachineKind {
  readonly machineType: string;
  readonly diskSizeGb: number;
  readonly diskType: string;
  /** A family or an image, as a URL below `compute/v1`. */
  readonly image: string;
}

/** The settings with their defaults, checked. */
export interface GceSettings {
  readonly project: string | undefined;
  /** What machines of each role are. */
  readonly machines: Readonly<Record<MachineRole, MachineKind>>;
  /** `global/networks/default`, or a shared VPC's `projects/host/global/networks/name`. */
  readonly network: string;
  readonly subnetwork: string | undefined;
  readonly allowFrom: readonly string[];
  /** Undefined: the operator's own address. */
  readonly sshFrom: readonly string[] | undefined;
}

const IMAGE = 'projects/debian-cloud/global/images/family/debian-13';
/** Machine series with ARM processors (cloud.google.com/compute/docs/instances/arm-on-compute): their images have families of their own. */
const ARM = /^(t2a|c4a|n4a|a4x)-/;
/** Series whose disks are Hyperdisks alone (cloud.google.com/compute/docs/disks/hyperdisks). */
const HYPERDISK = /^(c4[ad]?|n4[ad]?|a4x)-/;
const CIDR = /^(\d{1,3}\.){3}\d{1,3}\/\d{1,2}$/;
const ZONE = /^[a-z]+-[a-z]+\d+-[a-z]$/;

/** @throws ProviderError `invalid`, saying what is accepted. */
export function checkSettings(cluster: ClusterIdentity, settings: ProviderSettings): GceSettings {
  if (!ZONE.test(cluster.zone)) {
    throw invalid(`"${cluster.zone}" is not the name of a GCE zone`, {
      to: 'name a zone',
      setting: 'zone',
      example: 'europe-west1-b',
    });
  }
  if (regionOf(cluster.zone) !== cluster.region) {
    throw invalid(
      `the zone ${cluster.zone} is not in the region ${cluster.region}`,
      `The region of ${cluster.zone} is ${regionOf(cluster.zone)}.`,
    );
  }
  const subnets = settings.subnets ?? [];
  if (subnets.length > 1) {
    throw invalid(
      `${subnets.length} subnets were given: ${subnets.join(', ')}`,
      'A GCE subnet spans all zones of its region: give one.',
    );
  }
  for (const cidr of [...(settings.allowFrom ?? []), ...(settings.sshFrom ?? [])]) {
    if (!CIDR.test(cidr)) throw invalid(`"${cidr}" is not an IPv4 range`, 'Write it as 203.0.113.0/24.');
  }
  const kind = (machineType = 'e2-standard-2', diskSizeGb = 20): MachineKind => ({
    machineType,
    diskSizeGb,
    diskType: settings.diskType ?? (HYPERDISK.test(machineType) ? 'hyperdisk-balanced' : 'pd-balanced'),
    image: settings.image ? imageUrl(settings.image) : `${IMAGE}${ARM.test(machineType) ? '-arm64' : ''}`,
  });
  const { machineType, diskSizeGb, nodeMachineType = machineType, nodeDiskSizeGb = diskSizeGb } = settings;
  return {
    project: settings.project,
    machines: { master: kind(machineType, diskSizeGb), node: kind(nodeMachineType, nodeDiskSizeGb) },
    network: url(settings.network ?? 'default', 'global/networks'),
    subnetwork: subnets[0] ? url(subnets[0], `regions/${cluster.region}/subnetworks`) : undefined,
    // Compute Engine refuses a range with host bits (hashicorp/terraform-provider-google#4032).
    allowFrom: canonicalCidrs(settings.allowFrom ?? ['0.0.0.0/0']),
    sshFrom: settings.sshFrom && canonicalCidrs(settings.sshFrom),
  };
}

function invalid(message: string, advice: Remedies): GceError {
  return new GceError('invalid', 'settings', message, { advice });
}

/** A bare name is of this project. */
function url(name: string, collection: string): string {
  return name.includes('/') ? name : `${collection}/${name}`;
}

/** `family/debian-13`, `debian-cloud/debian-13`, `projects/p/global/images/i`, or an image of this project. */
function imageUrl(image: string): string {
  const parts = image.split('/');
  if (parts.length > 2) return image;
  if (parts.length === 1) return `global/images/${image}`;
  return parts[0] === 'family'
    ? `global/images/${image}`
    : `projects/${parts[0]}/global/images/family/${parts[1]}`;
}
