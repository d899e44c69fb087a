import type { Context } from '../api/cloud.ts';
import { make, remove } from '../api/common.ts';
import { GceError } from '../api/errors.ts';
import { linkTo, linkToNetwork } from '../api/links.ts';
import { groupMember, instanceGroup } from '../api/schemas.ts';
import { lastPart } from '../names.ts';
import type { GceSettings } from '../settings.ts';

/** Members by zone: the names of the instances in each zone's unmanaged instance group. */
export type Members = ReadonlyMap<string, readonly string[]>;

export async function makeGroups(
  context: Context,
  settings: GceSettings,
  zones: readonly string[],
): Promise<void> {
  const { cloud, names, description } = context;
  const network = await linkToNetwork(context, settings.network);
  await Promise.all(
    zones.map((zone) =>
      make(
        context,
        'instanceGroups.insert',
        { zone, instanceGroupResource: { name: names.group, description, network } },
        `the instance group ${names.group} in ${zone}`,
        () => cloud.get('instanceGroups.get', { zone, instanceGroup: names.group }, instanceGroup),
      ),
    ),
  );
}

/** The zones that have a group of the cluster. */
export async function groupZones({ cloud, names, description }: Context): Promise<string[]> {
  const filter = `name eq ${names.group}`;
  const found = await cloud.aggregated(
    'instanceGroups.aggregatedList',
    { filter },
    'instanceGroups',
    instanceGroup,
  );
  const own = found.filter((each) => each.name === names.group && each.description === description);
  return own.map((each) => lastPart(each.zone)).sort();
}

export async function readMembers({ cloud, names }: Context, zones: readonly string[]): Promise<Members> {
  const read = async (zone: string): Promise<readonly [string, readonly string[]]> => {
    // The client sends an empty message as "", which is no JSON object: so it is not empty.
    const all = { instanceState: 'ALL' };
    const request = { zone, instanceGroup: names.group, instanceGroupsListInstancesRequestResource: all };
    const found = await cloud.list('instanceGroups.listInstances', request, groupMember);
    return [zone, found.map((each) => lastPart(each.instance))];
  };
  return new Map(await Promise.all(zones.map(read)));
}

/** Adds instances to, or removes them from, one zone's group. What is so already is no error. */
export async function changeMembers(
  context: Context,
  change: 'addInstances' | 'removeInstances',
  zone: string,
  members: readonly string[],
): Promise<void> {
  const { cloud, names } = context;
  const instances = await Promise.all(
    members.map(async (name) => ({ instance: await linkTo(context, `zones/${zone}/instances/${name}`) })),
  );
  const body =
    change === 'addInstances'
      ? { instanceGroupsAddInstancesRequestResource: { instances } }
      : { instanceGroupsRemoveInstancesRequestResource: { instances } };
  const [verb, preposition] = change === 'addInstances' ? ['adding', 'to'] : ['removing', 'from'];
  const what = `${verb} ${members.join(', ')} ${preposition} the instance group ${names.group} in ${zone}`;
  try {
    await cloud.mutate(`instanceGroups.${change}`, { zone, instanceGroup: names.group, ...body }, what);
  } catch (error) {
    if (!isSoAlready(error, change)) throw error;
  }
}

function isSoAlready(error: unknown, change: string): boolean {
  if (!(error instanceof GceError)) return false;
  return change === 'addInstances'
    ? /memberAlreadyExists|already a member/i.test(`${error.reason} ${error.message}`)
    : /memberNotFound|not a member/i.test(`${error.reason} ${error.message}`);
}

export async function removeGroups(context: Context, zones: readonly string[]): Promise<void> {
  const instanceGroup = context.names.group;
  await Promise.all(
    zones.map((zone) =>
      remove(
        context,
        'instanceGroups.delete',
        { zone, instanceGroup },
        `deleting the instance group ${instanceGroup} in ${zone}`,
      ),
    ),
  );
}
