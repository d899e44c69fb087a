import { ProviderError } from '../../errors.ts';
import type { Api } from '../api/api.ts';
import { AwsError } from '../api/errors.ts';
import type { ElasticIp } from '../api/replies.ts';
import { allOurs, type Context, ownedBy, replicaTag, roleTag, tagOf, tagsFor, wait } from '../context.ts';

export const apiRole = 'api';
export const managementRole = 'management';

/** The cluster's Elastic IPs of one role, in the order of their allocation ids. */
export async function findAddresses(context: Context, api: Api = context.api): Promise<ElasticIp[]> {
  const answer = await api.ec2('DescribeAddresses', { Filters: [ownedBy(context.cluster)] });
  const ours = allOurs(context.cluster, answer.Addresses, 'ec2:DescribeAddresses');
  return ours.sort((a, b) => a.AllocationId.localeCompare(b.AllocationId));
}

export function ofRole(addresses: readonly ElasticIp[], role: string, replica?: string): ElasticIp[] {
  return addresses.filter(
    (address) =>
      tagOf(address, roleTag) === role && (replica === undefined || tagOf(address, replicaTag) === replica),
  );
}

/** The API address: the one in use, should a lost answer have left a second. */
export function apiAddress(addresses: readonly ElasticIp[]): ElasticIp | null {
  const all = ofRole(addresses, apiRole);
  return all.find((address) => address.AssociationId) ?? all[0] ?? null;
}

/**
 * A new Elastic IP, tagged in the same call. AllocateAddress takes no client token: where its answer is lost, the address
 * is looked for by its tags, for as long as EC2 may take to list it, before another is asked for.
 */
export async function allocate(
  context: Context,
  name: string,
  tags: Record<string, string>,
  find: (addresses: readonly ElasticIp[]) => ElasticIp | undefined,
): Promise<ElasticIp> {
  for (let attempt = 0; ; attempt++) {
    try {
      const made = await context.api.ec2(
        'AllocateAddress',
        {
          Domain: 'vpc',
          TagSpecifications: [{ ResourceType: 'elastic-ip', Tags: tagsFor(context.cluster, name, tags) }],
        },
        { once: true },
      );
      return made;
    } catch (error) {
      if (!(error instanceof AwsError) || !error.ambiguous || attempt >= 5) throw error;
      const found = await seen(context, find);
      if (found) return found;
    }
  }
}

async function seen(
  context: Context,
  find: (addresses: readonly ElasticIp[]) => ElasticIp | undefined,
): Promise<ElasticIp | null> {
  try {
    return await wait(
      context,
      'the Elastic IP to be listed',
      async () => find(await findAddresses(context)),
      { timeoutMs: 20_000, intervalMs: 1000 },
    );
  } catch (error) {
    if (error instanceof ProviderError && error.kind === 'transient') return null;
    throw error;
  }
}
