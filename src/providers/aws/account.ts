import { ProviderError } from '../errors.ts';
import { type Context, ownedBy, pages } from './context.ts';

/**
 * The account that these credentials are for; null where nothing shows it. It owns the default security groups that they see: each network
 * has one, and it cannot be shared (VPC user guide, "Share security groups with AWS Organizations"). Where the account has no network, and
 * the cluster stands in one that another account shares with it, the cluster's own groups say it.
 */
export async function findAccount(context: Context): Promise<string | null> {
  for (const filter of [{ Name: 'group-name', Values: ['default'] }, ownedBy(context.cluster)]) {
    const groups = await pages(
      (token) => context.api.ec2('DescribeSecurityGroups', { Filters: [filter], ...token }),
      (page) => page.SecurityGroups,
    );
    const owner = groups.find(({ OwnerId }) => OwnerId !== undefined)?.OwnerId;
    if (owner !== undefined) return owner;
  }
  return null;
}

/**
 * In another account than its own nothing of the cluster is seen, which would look as if it were deleted.
 * @throws ProviderError `preflight`
 */
export async function mustBeAccount(
  { cluster, settings }: Context,
  present: () => Promise<string | null>,
): Promise<void> {
  if (settings.account === undefined) return;
  const account = await present();
  if (account === settings.account) return;
  const theirs = account === null ? 'do not say which one they are for' : `are for ${account}`;
  throw new ProviderError(
    'preflight',
    `the cluster ${cluster.name} is in the AWS account ${settings.account}; these credentials ${theirs}`,
    {
      advice: [
        'use credentials of that account (AWS_PROFILE, AWS_ACCESS_KEY_ID)',
        ...(account === null
          ? [
              'if they are: no network of the region shows it; `aws ec2 create-default-vpc` makes one, at no cost',
            ]
          : []),
      ],
    },
  );
}
