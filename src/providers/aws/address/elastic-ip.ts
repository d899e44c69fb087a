import { retry } from '../../shared/retry.ts';
import type { Api } from '../api/api.ts';
import { AwsError, hasCode, tolerate } from '../api/errors.ts';
import type { ElasticIp, Instance } from '../api/replies.ts';
import { type Context, minutes, wait } from '../context.ts';

/**
 * A balancer's node still has the address: EC2 lets nobody else touch it, and words that as a lack of permission, or as
 * being in use. hashicorp/terraform-provider-aws#1956.
 */
function isHeldElsewhere({ code, message }: AwsError): boolean {
  if (['Resource.AlreadyAssociated', 'InvalidIPAddress.InUse', 'OperationNotPermitted'].includes(code))
    return true;
  return code === 'AuthFailure' && /permission to access the specified resource/i.test(message);
}

/** A thing made, or started, a moment ago may be unknown or not ready. EC2, "Eventual consistency". */
const young = ['InvalidAllocationID.NotFound', 'InvalidInstanceID.NotFound', 'InvalidInstanceID'];

/**
 * Associates the address with the instance, wherever it was before. An Elastic IP that the instance had is freed: by this
 * same call (EC2 reference, AssociateAddress), or, should EC2 refuse with "already associated", by a call of its own.
 * @param held also wait for a balancer to let go of the address, up to `deadlineMs`.
 * @param present the instance's association of a moment ago, which is not listed yet.
 * @returns the id of the new association.
 */
export async function give(
  context: Context,
  api: Api,
  address: ElasticIp,
  instance: Instance,
  options: { held?: boolean; present?: string | null; deadlineMs?: number } = {},
): Promise<string> {
  const { held = false, present = null, deadlineMs = 2 * minutes } = options;
  const AllocationId = address.AllocationId;
  const InstanceId = instance.InstanceId;
  let refused: number | null = null;
  return retry(
    async () => {
      try {
        const made = await api.ec2(
          'AssociateAddress',
          { AllocationId, InstanceId },
          { patience: young, deadlineMs, brisk: true },
        );
        return made.AssociationId ?? '';
      } catch (error) {
        // Either the address is, or the instance has one. Listings are late: look again each time.
        if (hasCode(error, taken)) {
          refused ??= context.clock.now();
          if (present) await free(api, { AssociationId: present });
          await freeOthers(api, InstanceId, AllocationId);
        }
        throw error;
      }
    },
    {
      what: 'ec2:AssociateAddress',
      clock: context.clock,
      signal: api.signal,
      deadlineMs,
      firstPauseMs: 250,
      maxPauseMs: 1000,
      again: (error) =>
        (hasCode(error, taken) && context.clock.now() < refused! + listedMs) ||
        (held && error instanceof AwsError && isHeldElsewhere(error)),
    },
  );
}

const taken = ['Resource.AlreadyAssociated'];

/** By then an association that was just made is listed. */
const listedMs = 20_000;

async function freeOthers(api: Api, instanceId: string, allocationId: string): Promise<void> {
  const answer = await api.ec2('DescribeAddresses', {
    Filters: [{ Name: 'instance-id', Values: [instanceId] }],
  });
  for (const other of answer.Addresses) if (other.AllocationId !== allocationId) await free(api, other);
}

/** Takes the address away from the instance that has it. */
export async function free(api: Api, address: Pick<ElasticIp, 'AssociationId'>): Promise<void> {
  if (!address.AssociationId) return;
  await tolerate(api.ec2('DisassociateAddress', { AssociationId: address.AssociationId }), [
    'InvalidAssociationID.NotFound',
  ]);
}

/**
 * Gives an Elastic IP back to EC2, wherever it is. An association is looked up only when EC2 says that there is one: to
 * name one that has ended is refused for want of a permission where the policy asks for tags.
 */
export async function release(context: Context, api: Api, address: ElasticIp): Promise<void> {
  const AllocationId = address.AllocationId;
  await retry(
    async () => {
      try {
        await tolerate(api.ec2('ReleaseAddress', { AllocationId }), ['InvalidAllocationID.NotFound']);
      } catch (error) {
        if (hasCode(error, ['InvalidIPAddress.InUse'])) await freeNow(api, AllocationId);
        throw error;
      }
    },
    {
      what: 'ec2:ReleaseAddress',
      clock: context.clock,
      signal: api.signal,
      deadlineMs: 10 * minutes,
      again: (error) => error instanceof AwsError && isHeldElsewhere(error),
    },
  );
}

async function freeNow(api: Api, allocationId: string): Promise<void> {
  const Filters = [{ Name: 'allocation-id', Values: [allocationId] }];
  const answer = await api.ec2('DescribeAddresses', { Filters });
  for (const one of answer.Addresses) if (one.InstanceId) await free(api, one);
}

/** Waits until EC2's own listing shows what was done: what haup observes next must not be the past. */
export async function shown(
  context: Context,
  api: Api,
  allocationId: string,
  what: string,
  is: (address: ElasticIp) => boolean,
  timeoutMs = 2 * minutes,
): Promise<void> {
  await wait(
    context,
    what,
    async () => {
      const answer = await api.ec2('DescribeAddresses', {
        Filters: [{ Name: 'allocation-id', Values: [allocationId] }],
      });
      return answer.Addresses.some(is) || undefined;
    },
    { api, timeoutMs, intervalMs: 500, maxIntervalMs: 2000 },
  );
}
