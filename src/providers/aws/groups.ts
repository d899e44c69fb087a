import { once } from '../../util/once.ts';
import { ProviderError } from '../errors.ts';
import { canonicalCidrs } from '../shared/cidrs.ts';
import { hasCode, tolerate } from './api/errors.ts';
import type { Instance, SecurityGroup } from './api/replies.ts';
import { allOurs, type Context, minutes, ownedBy, pages, roleTag, tagOf, tagsFor, wait } from './context.ts';
import type { Placement } from './placement.ts';
import {
  desiredRules,
  flatten,
  type GroupIds,
  type IngressRule,
  ours,
  sameRule,
  toPermission,
} from './rules.ts';

type Role = keyof GroupIds;
type Found = Readonly<Partial<Record<Role, SecurityGroup>>>;

/** In the order in which they can be deleted, once no rule of the last names the first. */
const roles: readonly Role[] = ['masters', 'balancer', 'nodes'];

/**
 * The cluster's security groups: the masters' own, the balancer's, which it must be created with, and, from the first node on, the
 * nodes'.
 */
export interface Groups {
  /** @throws ProviderError `transient` when they are not listed within a minute. */
  ids(): Promise<Pick<GroupIds, 'masters' | 'balancer'>>;
  /** The nodes' group, made with its rules and let in by the masters' if it is not there. */
  ofNodes(): Promise<string>;
  /** Those that there are now. Without the nodes' there is no node, and no route to one. */
  find(): Promise<Found>;
  /** Whether all exist with exactly haup's rules. `direct`: see {@link Access}; `nodes`: those that there are. */
  ready(direct: boolean, nodes: readonly Instance[]): Promise<boolean>;
  /** The world is asked only where there is a group already. Returns whether there was. */
  ensure(direct: () => Promise<boolean>, nodes: () => Promise<readonly Instance[]>): Promise<boolean>;
  /** Deletes them, once nothing uses them any more. Returns whether there was any. */
  delete(found: Found): Promise<boolean>;
}

/** A group just made may be unknown for seconds. EC2, "Eventual consistency". */
const young = ['InvalidGroup.NotFound', 'InvalidGroupId.NotFound', 'InvalidSecurityGroupID.NotFound'];

export function groups(context: Context, placement: Placement): Groups {
  const { api, cluster, settings } = context;
  let known: Pick<GroupIds, 'masters' | 'balancer'> | undefined;
  const clients = canonicalCidrs(settings.allowFrom ?? ['0.0.0.0/0']);
  const ssh = once(async () => canonicalCidrs(settings.sshFrom ?? [await context.operatorAddress()]));

  async function find(): Promise<Found> {
    const listed = await pages(
      (token) => api.ec2('DescribeSecurityGroups', { Filters: [ownedBy(cluster)], ...token }),
      (page) => page.SecurityGroups,
    );
    const all = allOurs(cluster, listed, 'ec2:DescribeSecurityGroups');
    const found: { -readonly [role in Role]?: SecurityGroup } = {};
    for (const role of roles) {
      const group = all.find((candidate) => tagOf(candidate, roleTag) === role);
      if (group) found[role] = group;
    }
    return found;
  }

  async function create(role: Role): Promise<SecurityGroup> {
    const name = `haup-${cluster.name}-${cluster.uid}-${role}`;
    try {
      const made = await api.ec2('CreateSecurityGroup', {
        GroupName: name,
        Description: `haup cluster ${cluster.name}: ${role}`,
        VpcId: await placement.vpcId(),
        TagSpecifications: [
          { ResourceType: 'security-group', Tags: tagsFor(cluster, name, { [roleTag]: role }) },
        ],
      });
      return made;
    } catch (error) {
      // The answer to an earlier attempt was lost: it is there, or will be seen in a moment.
      if (!hasCode(error, ['InvalidGroup.Duplicate'])) throw error;
      return wait(context, `the security group ${name} to be listed`, async () => (await find())[role], {
        timeoutMs: 2 * minutes,
      });
    }
  }

  function wanted(ids: GroupIds, direct: boolean, from: readonly string[], nodes: readonly Instance[]) {
    const everybody = clients.includes('0.0.0.0/0');
    const outside = nodes.flatMap((node) => (node.PublicIpAddress ? [`${node.PublicIpAddress}/32`] : []));
    return desiredRules(ids, {
      apiPort: cluster.apiPort,
      ssh: from,
      clients,
      direct,
      outside: everybody ? [] : outside,
      podRange: context.podRange,
    });
  }

  async function sync(group: SecurityGroup, want: readonly IngressRule[]): Promise<void> {
    const have = flatten(group.IpPermissions);
    const { missing, surplus } = compare(want, have);
    const GroupId = group.GroupId;
    if (missing.length) await authorize(GroupId, missing);
    if (surplus.length)
      await tolerate(
        api.ec2('RevokeSecurityGroupIngress', { GroupId, IpPermissions: surplus.map(toPermission) }),
        ['InvalidPermission.NotFound'],
      );
  }

  /** All in one call; where one of them exists already, which EC2 refuses for the whole call, one by one. */
  async function authorize(GroupId: string, rules: readonly IngressRule[]): Promise<void> {
    const open = (some: readonly IngressRule[]) =>
      api.ec2(
        'AuthorizeSecurityGroupIngress',
        { GroupId, IpPermissions: some.map(toPermission) },
        { patience: young },
      );
    const answer = await tolerate(open(rules), ['InvalidPermission.Duplicate']);
    if (answer !== null || rules.length === 1) return;
    for (const rule of rules) await tolerate(open([rule]), ['InvalidPermission.Duplicate']);
  }

  /** Both, once EC2 lists them. */
  function listed(): Promise<Pick<GroupIds, 'masters' | 'balancer'>> {
    return wait(
      context,
      'the security groups to be listed',
      async () => {
        const { masters, balancer } = await find();
        return masters && balancer ? { masters: masters.GroupId, balancer: balancer.GroupId } : undefined;
      },
      { timeoutMs: 1 * minutes },
    );
  }

  async function ids(): Promise<Pick<GroupIds, 'masters' | 'balancer'>> {
    known ??= await listed();
    return known;
  }

  return {
    ids,

    ofNodes: once(async () => {
      const others = await ids();
      const found = await find();
      const group = found.nodes ?? (await create('nodes'));
      const nodes = group.GroupId;
      const want = wanted({ ...others, nodes }, true, await ssh(), []);
      await sync(group, want.nodes);
      const letIn = want.masters.filter((rule) => rule.from === nodes);
      const { missing } = compare(letIn, flatten(found.masters?.IpPermissions));
      if (missing.length) await authorize(others.masters, missing);
      return nodes;
    }),

    find,

    async ready(direct, nodes) {
      const found = await find();
      if (!found.masters || !found.balancer) return false;
      if (nodes.length > 0 && !found.nodes) return false;
      const ids = idsOf(found.masters, found.balancer, found.nodes);
      known = ids;
      const have = {
        masters: flatten(found.masters.IpPermissions),
        balancer: flatten(found.balancer.IpPermissions),
        nodes: flatten(found.nodes?.IpPermissions),
      };
      // Looking must not depend on who knows this host's address: then what is open for SSH is what is wanted.
      const open = have.masters.filter((rule) => rule.port === 22 && rule.why.startsWith(ours));
      const from = await ssh().catch((error) => {
        if (error instanceof ProviderError && error.kind === 'preflight')
          return open.map((rule) => rule.from);
        throw error;
      });
      const want = wanted(ids, direct, from, nodes);
      return roles.every((role) => {
        const { missing, surplus } = compare(want[role], have[role]);
        return missing.length + surplus.length === 0;
      });
    },

    async ensure(direct, nodes) {
      const found = await find();
      const existed = Boolean(found.masters ?? found.balancer ?? found.nodes);
      const complete = Boolean(found.masters && found.balancer);
      const present = existed ? await nodes() : [];
      const group = async (role: Role) => found[role] ?? create(role);
      const [masters, balancer, ofNodes] = await Promise.all([
        group('masters'),
        group('balancer'),
        found.nodes || present.length > 0 ? group('nodes') : undefined,
      ]);
      const ids = idsOf(masters, balancer, ofNodes);
      known = ids;
      const want = wanted(ids, existed ? await direct() : true, await ssh(), present);
      await Promise.all([
        sync(masters, want.masters),
        sync(balancer, want.balancer),
        ofNodes && sync(ofNodes, want.nodes),
      ]);
      if (!complete) await listed();
      return existed;
    },

    async delete(found) {
      const present = roles.flatMap((role) => found[role] ?? []);
      known = undefined;
      // The masters' and the nodes' name each other, which nothing but a revocation ends.
      if (found.nodes) await sync(found.nodes, []);
      // Each refers to another, or is used for a while by an interface that is going away: both pass with time, the
      // first only once the masters' group, which names the others, is gone.
      for (const group of present) {
        context.progress(`deleting the security group ${group.GroupName}`);
        await tolerate(
          api.ec2(
            'DeleteSecurityGroup',
            { GroupId: group.GroupId },
            { patience: ['DependencyViolation', 'InvalidGroup.InUse'], deadlineMs: 15 * minutes },
          ),
          ['InvalidGroup.NotFound', 'InvalidGroupId.NotFound'],
        );
      }
      return present.length > 0;
    },
  };
}

function idsOf(masters: SecurityGroup, balancer: SecurityGroup, nodes: SecurityGroup | undefined): GroupIds {
  return { masters: masters.GroupId, balancer: balancer.GroupId, nodes: nodes?.GroupId ?? null };
}

/** What is missing, and what of haup's own is too much. */
function compare(want: readonly IngressRule[], have: readonly IngressRule[]) {
  return {
    missing: want.filter((rule) => !have.some((other) => sameRule(rule, other))),
    surplus: have.filter((rule) => rule.why.startsWith(ours) && !want.some((other) => sameRule(rule, other))),
  };
}
