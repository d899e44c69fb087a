import type { RunInstancesRequest } from '@aws-sdk/client-ec2';
import { ProviderError } from '../errors.ts';
import type { MachineRequest, MachineRole } from '../provider.ts';
import { tokenFor } from '../shared/tokens.ts';
import { hasCode } from './api/errors.ts';
import type { Instance } from './api/replies.ts';
import { type Context, minutes, replicaTag, roleTag, tagsFor, wait } from './context.ts';
import type { Groups } from './groups.ts';
import { type Image, machineKind } from './images.ts';
import { findInstances } from './instances.ts';
import type { Placement } from './placement.ts';

export interface LaunchParts {
  readonly placement: Placement;
  readonly groups: Groups;
  readonly image: (role: MachineRole) => Promise<Image>;
}

/** User data, decoded, may have 16 KiB. EC2 user guide. */
const userDataLimit = 16 * 1024;

/** What RunInstances is asked for, but for the token. */
export async function launchRequest(
  context: Context,
  parts: LaunchParts,
  request: MachineRequest,
): Promise<RunInstancesRequest> {
  const { cluster, settings } = context;
  if (Buffer.byteLength(request.bootScript) > userDataLimit)
    throw new ProviderError('invalid', `the boot script of ${request.name} is longer than 16 KiB`);
  const { groups } = parts;
  const [image, subnet, group] = await Promise.all([
    parts.image(request.role),
    parts.placement.subnet(request.zone),
    request.role === 'node' ? groups.ofNodes() : groups.ids().then(({ masters }) => masters),
  ]);
  const { type, diskSizeGb } = machineKind(context, request.role);
  const Tags = tagsFor(cluster, request.name, {
    [replicaTag]: request.name,
    [roleTag]: request.role,
  });
  return {
    MinCount: 1,
    MaxCount: 1,
    ImageId: image.id,
    InstanceType: type as never,
    UserData: Buffer.from(request.bootScript).toString('base64'),
    NetworkInterfaces: [
      {
        DeviceIndex: 0,
        SubnetId: subnet.id,
        Groups: [group],
        AssociatePublicIpAddress: true,
        DeleteOnTermination: true,
      },
    ],
    BlockDeviceMappings: [
      {
        DeviceName: image.rootDevice,
        Ebs: {
          VolumeType: (settings.diskType ?? 'gp3') as never,
          VolumeSize: diskSizeGb,
          Encrypted: true,
          DeleteOnTermination: true,
        },
      },
    ],
    // IMDSv2 only, and one hop: nothing behind the machine's own network stack, such as a pod, can ask for metadata.
    MetadataOptions: { HttpEndpoint: 'enabled', HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
    InstanceInitiatedShutdownBehavior: 'stop',
    TagSpecifications: (['instance', 'volume', 'network-interface'] as const).map((ResourceType) => ({
      ResourceType,
      Tags,
    })),
  };
}

/**
 * Starts an instance, or finds the one that an earlier attempt started. EC2 remembers a token for as long as its instance
 * can be seen and longer: one whose instance is gone is followed by the next of a fixed chain, so that a repeated call
 * walks the same way and still makes one machine.
 */
export async function launch(
  context: Context,
  request: RunInstancesRequest,
  name: string,
  token: string,
): Promise<Instance> {
  for (let turn = 0; turn < 20; turn++) {
    const ClientToken = tokenFor(token, String(turn));
    try {
      const made = await context.api.ec2(
        'RunInstances',
        { ...request, ClientToken },
        { patience: ['InvalidGroup.NotFound', 'InvalidSecurityGroupID.NotFound'], deadlineMs: 2 * minutes },
      );
      return made.Instances[0]!;
    } catch (error) {
      if (hasCode(error, ['IdempotentInstanceTerminated'])) continue;
      if (!hasCode(error, ['IdempotentParameterMismatch'])) throw error;
      // The same token with another boot script: an earlier run asked, and was cut off. Its instance is the machine.
      const earlier = await appeared(context, name);
      if (earlier) return earlier;
    }
  }
  throw new ProviderError('conflict', `EC2 has used up every request token for ${name}`);
}

async function appeared(context: Context, name: string): Promise<Instance | null> {
  try {
    return await wait(
      context,
      `${name} to be listed`,
      async () => (await findInstances(context, { replica: name }))[0],
      { timeoutMs: 30_000 },
    );
  } catch (error) {
    if (error instanceof ProviderError && error.kind === 'transient') return null;
    throw error;
  }
}
