import { ProviderError } from '../../errors.ts';
import type { Address, ApiAddress, Holder } from '../../provider.ts';
import type { ElasticIp, Instance } from '../api/replies.ts';
import { findLoadBalancer, findParts, targetHealth, zoneOf } from '../balancer/parts.ts';
import { answersElsewhere, zoneHealth } from '../balancer/zone-health.ts';
import { type Context, roleTag } from '../context.ts';
import { findInstances, nameOf } from '../instances.ts';
import { lostZones } from '../zones.ts';
import { allocate, apiAddress, apiRole, findAddresses, ofRole } from './addresses.ts';
import { release, shown } from './elastic-ip.ts';
import { type HandoverParts, toBalancer, toMachine } from './handover.ts';

export function address(context: Context, parts: HandoverParts): Address {
  async function read(): Promise<ApiAddress | null> {
    const [addresses, instances] = await Promise.all([findAddresses(context), findInstances(context)]);
    const found = apiAddress(addresses);
    if (!found) return null;
    const ip = found.PublicIp;
    if (!found.AssociationId) return { ip, holder: { kind: 'nobody' } };
    if (!found.InstanceId) {
      const where = await whereabouts(found, instances);
      // No node of the balancer has it: one had it, and has not let go of it yet.
      return where.zone ? { ip, holder: { kind: 'balancer' }, ...where } : { ip, holder: { kind: 'nobody' } };
    }
    const machine = instances.find((instance) => instance.InstanceId === found.InstanceId);
    // On an instance that is being terminated, or is none of the cluster's, it is as good as free.
    if (!machine) return { ip, holder: { kind: 'nobody' } };
    const holder: Holder = { kind: 'machine', name: nameOf(machine) };
    return { ip, holder, zone: machine.Placement?.AvailabilityZone ?? null };
  }

  /** An Elastic IP of a balancer lives in one zone, and dies with it. */
  async function whereabouts(
    found: ElasticIp,
    instances: readonly Instance[],
  ): Promise<{ zone: string | null; lost: string | null }> {
    const [lb, reported, answers] = await Promise.all([
      findLoadBalancer(context),
      lostZones(context),
      context.reach(found.PublicIp, context.cluster.apiPort),
    ]);
    const zone = zoneOf(lb, found.AllocationId);
    if (!lb || zone === null) return { zone: null, lost: null };
    const lost = `the address lives in ${zone}, `;
    if (reported.includes(zone)) return { zone, lost: `${lost}which AWS reports as out of order` };
    const { group } = answers ? { group: null } : await findParts(context);
    const health = group && zoneHealth(zone, await targetHealth(context.api, group), instances);
    const silent = (health === 'dead' || health === 'unknown') && (await answersElsewhere(context, lb));
    return { zone, lost: silent ? `${lost}where nothing answers though other zones do` : null };
  }

  /** A run that died right after it had reserved one left it unlisted for this run's first look; now it is listed. */
  async function onlyOne(made: ElasticIp): Promise<string> {
    const all = ofRole(await findAddresses(context), apiRole);
    const kept = apiAddress(all) ?? made;
    for (const one of all)
      if (one.AllocationId !== kept.AllocationId) await release(context, context.api, one);
    return kept.PublicIp;
  }

  return {
    read,
    async reserve() {
      const present = await read();
      if (present) return present;
      const made = await allocate(
        context,
        `${context.cluster.name} API`,
        { [roleTag]: apiRole },
        (all) => apiAddress(all) ?? undefined,
      );
      await shown(context, context.api, made.AllocationId, 'the Elastic IP to be listed', () => true);
      return { ip: await onlyOne(made), holder: { kind: 'nobody' } };
    },
    async handOver(to) {
      if (to.kind === 'machine') await toMachine(context, parts, to.name);
      else await toBalancer(context, parts);
    },
    async release() {
      const now = await read();
      // A balancer that is being deleted still has it for a while: that is waited out.
      if (now?.holder.kind === 'machine' || (now?.holder.kind === 'balancer' && now.zone))
        throw new ProviderError('conflict', `the address ${now.ip} is in use`);
      for (const one of ofRole(await findAddresses(context), apiRole))
        await release(context, context.api, one);
    },
  };
}
