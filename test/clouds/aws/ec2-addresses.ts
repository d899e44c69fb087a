import type { Ec2Calls } from '../../../src/providers/aws/api/calls.ts';
import { byIds, type Handlers } from './ec2-network.ts';
import { matches } from './filters.ts';
import { refuse } from './refusal.ts';
import { newTags } from './tags.ts';
import type { AddressThing, Association, InstanceThing, World } from './world.ts';

export function addressHandlers(
  world: World,
): Handlers<
  Ec2Calls,
  'AllocateAddress' | 'AssociateAddress' | 'DescribeAddresses' | 'DisassociateAddress' | 'ReleaseAddress'
> {
  const { realizer, limits } = world.options;
  const address = (id: string | undefined) =>
    byIds(
      world,
      world.addresses,
      [id ?? refuse('MissingParameter', 'AllocationId is missing')],
      'InvalidAllocationID.NotFound',
    )[0]!;

  return {
    AllocateAddress(input) {
      if (world.addresses.size >= limits.addresses)
        refuse('AddressLimitExceeded', 'The maximum number of addresses has been reached.');
      const id = world.newId('eipalloc');
      const ip = realizer.allocateAddress();
      world.addresses.set(id, {
        id,
        ip,
        createdAt: world.now,
        tags: newTags(input.TagSpecifications, 'elastic-ip'),
        association: null,
        before: null,
        changedAt: world.now,
      });
      return { AllocationId: id, PublicIp: ip, Domain: 'vpc' };
    },

    async AssociateAddress(input) {
      const moved = address(input.AllocationId);
      const instance = byIds(
        world,
        world.instances,
        [input.InstanceId ?? ''],
        'InvalidInstanceID.NotFound',
      )[0]!;
      if (instance.state !== 'running' && instance.state !== 'stopped')
        refuse(
          'InvalidInstanceID',
          `The instance ID '${instance.id}' is not in a valid state for this operation`,
        );
      if (moved.association?.instanceId === instance.id) return { AssociationId: moved.association.id };
      if (moved.association?.node) heldByBalancer(world);
      if (moved.association && input.AllowReassociation === false)
        refuse('Resource.AlreadyAssociated', `resource ${moved.id} is already associated with associate-id`);
      const present = elasticIpOf(world, instance);
      if (present && world.readings.associateOver === 'refuses')
        refuse('Resource.AlreadyAssociated', `resource ${instance.interfaceId} is already associated`);
      // The one it had is freed, and stays allocated. EC2 reference, AssociateAddress.
      if (present) await associate(world, present, null);
      const loser = moved.association?.instanceId
        ? world.instances.get(moved.association.instanceId)
        : undefined;
      if (instance.ephemeralIp) {
        // Given back to Amazon's pool. EC2 user guide, "Elastic IP addresses".
        await realizer.route(instance.ephemeralIp, null);
        realizer.freeAddress(instance.ephemeralIp);
        instance.ephemeralIp = null;
      }
      await associate(world, moved, { id: world.newId('eipassoc'), instanceId: instance.id, node: null });
      if (loser) lostAddress(world, loser);
      return { AssociationId: moved.association!.id };
    },

    async DisassociateAddress(input) {
      const found = [...world.addresses.values()].find((one) => one.association?.id === input.AssociationId);
      if (!found?.association)
        return refuse(
          'InvalidAssociationID.NotFound',
          `The association ID '${input.AssociationId}' does not exist`,
        );
      if (found.association.node) heldByBalancer(world);
      const loser = world.instances.get(found.association.instanceId!);
      await associate(world, found, null);
      if (loser) lostAddress(world, loser);
      return { Return: true };
    },

    async ReleaseAddress(input) {
      const gone = address(input.AllocationId);
      if (gone.association?.node) heldByBalancer(world);
      // Outside the default VPC it must be disassociated first: EC2 reference, ReleaseAddress. Enforced everywhere.
      if (gone.association) refuse('InvalidIPAddress.InUse', `Address ${gone.ip} is in use.`);
      world.addresses.delete(gone.id);
      realizer.freeAddress(gone.ip);
      return {};
    },

    DescribeAddresses: (input) => ({
      Addresses: world
        .known(world.addresses)
        .map((one) => ({ one, shown: shownAssociation(world, one) }))
        .filter(({ one, shown }) =>
          matches(
            input.Filters,
            {
              'allocation-id': [one.id],
              'association-id': [shown?.id],
              'instance-id': [shown?.instanceId ?? undefined],
              'public-ip': [one.ip],
              domain: ['vpc'],
            },
            one.tags,
          ),
        )
        .map(({ one, shown }) => ({
          AllocationId: one.id,
          PublicIp: one.ip,
          Domain: 'vpc' as const,
          Tags: one.tags,
          ...(shown
            ? {
                AssociationId: shown.id,
                NetworkInterfaceId: shown.instanceId
                  ? world.instances.get(shown.instanceId)!.interfaceId
                  : `eni-of-${shown.node!.zone}`,
                NetworkInterfaceOwnerId:
                  shown.node && world.readings.interfaceOwner === 'amazon-elb'
                    ? 'amazon-elb'
                    : world.accountId,
                ...(shown.instanceId ? { InstanceId: shown.instanceId } : {}),
              }
            : {}),
        })),
    }),
  };
}

/** Reads lag behind. EC2, "Eventual consistency". */
function shownAssociation(world: World, address: AddressThing): Association | null {
  return world.now >= address.changedAt + world.delays.consistency ? address.association : address.before;
}

function heldByBalancer(world: World): never {
  const code = world.readings.heldByBalancer;
  return refuse(
    code,
    code === 'AuthFailure'
      ? 'You do not have permission to access the specified resource.'
      : 'The address is in use.',
  );
}

export function elasticIpOf(world: World, instance: InstanceThing): AddressThing | null {
  return [...world.addresses.values()].find((one) => one.association?.instanceId === instance.id) ?? null;
}

/** One association each: the new one takes the place of the old, and packets go there. */
export async function associate(world: World, address: AddressThing, to: Association | null): Promise<void> {
  address.before = shownAssociation(world, address);
  address.association = to;
  address.changedAt = world.now;
  const { realizer } = world.options;
  if (!to) await realizer.route(address.ip, null);
  else if (to.instanceId) await realizer.route(address.ip, { kind: 'machine', id: to.instanceId });
}

/** An instance without any public address: it may get another ephemeral one, late. EC2 user guide. */
function lostAddress(world: World, instance: InstanceThing): void {
  if (world.readings.lostAddress === 'never') return;
  world.after(180_000, async () => {
    if (instance.state !== 'running' || instance.ephemeralIp || elasticIpOf(world, instance)) return;
    instance.ephemeralIp = world.options.realizer.allocateAddress();
    await world.options.realizer.route(instance.ephemeralIp, { kind: 'machine', id: instance.id });
  });
}
