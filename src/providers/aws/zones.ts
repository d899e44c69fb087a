import { ProviderError } from '../errors.ts';
import { hasCode } from './api/errors.ts';
import type { AvailabilityZone } from './api/replies.ts';
import type { Context } from './context.ts';

/** The zones of the region, without those that cannot hold a balancer (Local and Wavelength Zones). */
export async function describeZones(context: Context): Promise<AvailabilityZone[]> {
  const { region } = context.cluster;
  try {
    const answer = await context.api.ec2('DescribeAvailabilityZones', {
      Filters: [{ Name: 'zone-type', Values: ['availability-zone'] }],
    });
    return answer.AvailabilityZones.sort((a, b) => a.ZoneName.localeCompare(b.ZoneName));
  } catch (error) {
    // An unknown region has no endpoint; behind an endpoint of its own the signature's region is refused.
    const unknown =
      hasCode(error, ['ENOTFOUND']) || (error instanceof Error && /valid region/i.test(error.message));
    if (!unknown) throw error;
    throw new ProviderError('not-found', `AWS has no region ${region}`, {
      advice: 'Regions are named like eu-west-1, their zones like eu-west-1a.',
      cause: error,
    });
  }
}

/** Zones that AWS itself calls out of order. */
export async function lostZones(context: Context): Promise<readonly string[]> {
  return (await describeZones(context))
    .filter((zone) => zone.State === 'impaired' || zone.State === 'unavailable')
    .map((zone) => zone.ZoneName);
}
