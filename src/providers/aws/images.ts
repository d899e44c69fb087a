import { ProviderError } from '../errors.ts';
import type { MachineRole } from '../provider.ts';
import { type Context, pages } from './context.ts';

export interface Image {
  readonly id: string;
  /** The root volume's device name in this image: block device mappings must use the same. */
  readonly rootDevice: string;
}

/** The account under which Debian publishes its images. wiki.debian.org/Cloud/AmazonEC2Image. */
const debian = { owner: '136693071363', name: (arch: string) => `debian-13-${arch}-*` };

/** 2 vCPUs and 4 GiB: what a master with etcd wants at least. */
const defaultMachineType = 't3.medium';

/** What a machine of a role is: nodes are what masters are unless their own kind is given. */
export function machineKind({ settings }: Context, role: MachineRole): { type: string; diskSizeGb: number } {
  const type = settings.machineType ?? defaultMachineType;
  const diskSizeGb = settings.diskSizeGb ?? 20;
  return role === 'master'
    ? { type, diskSizeGb }
    : { type: settings.nodeMachineType ?? type, diskSizeGb: settings.nodeDiskSizeGb ?? diskSizeGb };
}

/**
 * The image to boot: `settings.image` is an AMI id, or "owner/name-pattern"
 * ("099720109477/ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-*"), the newest that matches. Default: Debian 13.
 */
export async function findImage(context: Context, machineType: string): Promise<Image> {
  const wanted =
    context.settings.image ?? `${debian.owner}/${debian.name(await debianArch(context, machineType))}`;
  const slash = wanted.indexOf('/');
  if (!wanted.startsWith('ami-') && slash < 1)
    throw new ProviderError('invalid', `the image ${wanted} is neither an AMI id nor owner/name-pattern`);
  const images = await pages(
    (token) =>
      context.api.ec2(
        'DescribeImages',
        wanted.startsWith('ami-')
          ? { ImageIds: [wanted] }
          : {
              Owners: [wanted.slice(0, slash)],
              Filters: [
                { Name: 'name', Values: [wanted.slice(slash + 1)] },
                { Name: 'state', Values: ['available'] },
                { Name: 'root-device-type', Values: ['ebs'] },
              ],
              ...token,
            },
      ),
    (page) => page.Images,
  );
  const newest = images.sort((a, b) => (b.CreationDate ?? '').localeCompare(a.CreationDate ?? ''))[0];
  if (newest?.ImageId && newest.RootDeviceName)
    return { id: newest.ImageId, rootDevice: newest.RootDeviceName };
  throw new ProviderError('not-found', `there is no image ${wanted} in ${context.cluster.region}`, {
    advice: { to: 'name another, an AMI id or owner/name-pattern', setting: 'image' },
  });
}

async function debianArch(context: Context, type: string): Promise<string> {
  if (type === defaultMachineType) return 'amd64'; // known: one call less
  const answer = await context.api.ec2('DescribeInstanceTypes', { InstanceTypes: [type as never] });
  const architectures: readonly string[] =
    answer.InstanceTypes?.[0]?.ProcessorInfo?.SupportedArchitectures ?? [];
  return architectures.includes('x86_64') ? 'amd64' : 'arm64';
}
