import type { Tag } from '@aws-sdk/client-ec2';
import { Refusal } from './refusal.ts';
import type { Thing, World } from './world.ts';

/** An IAM policy document, as far as docs/aws.md uses the language. */
export interface Policy {
  readonly Version: string;
  readonly Statement: readonly Statement[];
}

export interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Sid?: string;
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** One permission that a call needs, with what conditions can ask about. */
interface Need {
  readonly action: string;
  /** As in an ARN, without partition, region and account: "ec2:::instance/i-1". */
  readonly resource: string;
  readonly keys: Readonly<Record<string, string>>;
}

/** What the credentials may do: everything, all but some actions, or what a policy says. */
export class Permissions {
  readonly #denied = new Set<string>();
  #policy: Policy | null = null;

  /** "ec2:RunInstances", "elasticloadbalancing:SetSubnets". */
  deny(action: string): void {
    this.#denied.add(action);
  }

  allowAgain(): void {
    this.#denied.clear();
  }

  follow(policy: Policy | null): void {
    this.#policy = policy;
  }

  /** @throws Refusal in each service's own words. */
  check(world: World, service: string, action: string, input: object): void {
    for (const need of needsOf(world, service, action, input))
      if (!this.#allows(need)) throw denial(need.action);
  }

  #allows(need: Need): boolean {
    if (this.#denied.has(need.action)) return false;
    if (!this.#policy) return true;
    const hits = this.#policy.Statement.filter((statement) => applies(statement, need));
    return hits.some((one) => one.Effect === 'Allow') && !hits.some((one) => one.Effect === 'Deny');
  }
}

function denial(action: string): Refusal {
  const words = `You are not authorized to perform this operation. User: arn:aws:iam::123456789012:user/haup is not authorized to perform: ${action} because no identity-based policy allows the ${action} action`;
  return new Refusal(action.startsWith('ec2:') ? 'UnauthorizedOperation' : 'AccessDenied', words, 403);
}

/**
 * What each call is checked for: every kind of resource it touches by itself, tags at creation by a permission of their
 * own (EC2: "Grant permission to tag resources during creation"; ELB: AddTags), and the first load balancer of an account
 * by the permission to make ELB's role. IAM, "Service Authorization Reference".
 */
function needsOf(world: World, service: string, action: string, input: object): Need[] {
  const call = input as Call;
  const region = { 'aws:RequestedRegion': world.options.region };
  const given = call.TagSpecifications?.[0]?.Tags ?? call.Tags ?? [];
  const asked = { ...region, ...prefixed('aws:RequestTag/', given) };
  const need = (resource: string, keys: Need['keys']): Need => ({
    action: `${service}:${action}`,
    resource,
    keys,
  });
  const needs: Need[] = [];
  for (const kind of touched[action]?.made ?? []) needs.push(need(`${service}:::${kind}/*`, asked));
  for (const kind of touched[action]?.used ?? []) needs.push(need(`${service}:::${kind}/*`, region));
  for (const thing of existing(world, call))
    needs.push(need(thing.arn, { ...region, ...prefixed('aws:ResourceTag/', thing.tags) }));
  if (needs.length === 0) needs.push(need('*', region));
  if (given.length > 0)
    needs.push({
      action: service === 'ec2' ? 'ec2:CreateTags' : 'elasticloadbalancing:AddTags',
      resource: '*',
      keys: { ...asked, [`${service}:CreateAction`]: action },
    });
  if (action === 'CreateLoadBalancer' && world.balancers.size === 0)
    needs.push({
      action: 'iam:CreateServiceLinkedRole',
      resource:
        'iam:::role/aws-service-role/elasticloadbalancing.amazonaws.com/AWSServiceRoleForElasticLoadBalancing',
      keys: { 'iam:AWSServiceName': 'elasticloadbalancing.amazonaws.com' },
    });
  return needs;
}

interface Call {
  readonly TagSpecifications?: readonly { Tags?: Tag[] }[];
  readonly Tags?: readonly Tag[];
  readonly InstanceIds?: readonly string[];
  readonly InstanceId?: string;
  readonly AllocationId?: string;
  readonly AssociationId?: string;
  readonly GroupId?: string;
  readonly RouteTableId?: string;
  readonly LoadBalancerArn?: string;
  readonly TargetGroupArn?: string;
}

/** Kinds of resources that an action makes, and those that it uses without their being haup's. */
const touched: Record<string, { made: readonly string[]; used: readonly string[] }> = {
  RunInstances: {
    made: ['instance', 'volume', 'network-interface'],
    used: ['image', 'subnet', 'security-group'],
  },
  CreateSecurityGroup: { made: ['security-group'], used: ['vpc'] },
  AllocateAddress: { made: ['elastic-ip'], used: [] },
  CreateLoadBalancer: { made: ['loadbalancer'], used: [] },
  CreateTargetGroup: { made: ['targetgroup'], used: [] },
};

/** The things that a call names, for those actions that are checked by them (looking at things is not). */
function existing(world: World, call: Call): { arn: string; tags: Tag[] }[] {
  const association = [...world.addresses.values()].find((one) => one.association?.id === call.AssociationId);
  const all: [string, ReadonlyMap<string, Thing>, string | undefined][] = [
    ['ec2:::instance/', world.instances, call.InstanceId],
    ...(call.InstanceIds ?? []).map((id): [string, ReadonlyMap<string, Thing>, string] => [
      'ec2:::instance/',
      world.instances,
      id,
    ]),
    [
      'ec2:::elastic-ip/',
      world.addresses,
      call.AllocationId ?? (call.AssociationId ? association?.id : undefined),
    ],
    ['ec2:::security-group/', world.groups, call.GroupId],
    ['ec2:::route-table/', world.tables, call.RouteTableId],
    ['', world.balancers, call.LoadBalancerArn],
    ['', world.targetGroups, call.TargetGroupArn],
  ];
  return all.flatMap(([prefix, things, id]) => {
    const thing = id === undefined ? undefined : things.get(id);
    return thing ? [{ arn: `${prefix}${thing.id}`, tags: [...thing.tags] }] : [];
  });
}

function prefixed(prefix: string, tags: readonly Tag[]): Record<string, string> {
  return Object.fromEntries(tags.map((tag) => [`${prefix}${tag.Key}`, tag.Value ?? '']));
}

function applies(statement: Statement, need: Need): boolean {
  const actions = ([] as string[]).concat(statement.Action);
  if (!actions.some((pattern) => wild(pattern).test(need.action))) return false;
  const resources = ([] as string[]).concat(statement.Resource);
  if (!resources.some((pattern) => covers(pattern, need.resource))) return false;
  return Object.entries(statement.Condition ?? {}).every(([operator, tests]) =>
    Object.entries(tests).every(([key, expected]) =>
      holds(operator, need.keys[key], ([] as string[]).concat(expected)),
    ),
  );
}

/** "arn:aws:ec2:*:*:instance/*" against "ec2:::instance/i-1". */
function covers(pattern: string, resource: string): boolean {
  if (pattern === '*') return true;
  const path = (arn: string) => {
    const [service, , , ...rest] = arn.replace(/^arn:aws:/, '').split(':');
    return `${service} ${rest.join(':')}`;
  };
  return wild(path(pattern)).test(path(resource));
}

function holds(operator: string, value: string | undefined, expected: readonly string[]): boolean {
  if (operator === 'Null') return (value === undefined) === (expected[0] === 'true');
  if (operator === 'StringEquals') return value !== undefined && expected.includes(value);
  if (operator === 'StringLike')
    return value !== undefined && expected.some((pattern) => wild(pattern).test(value));
  throw new Error(`this cloud does not know the condition ${operator}`);
}

function wild(pattern: string): RegExp {
  return new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replace(/\*/g, '.*')
      .replace(/\?/g, '.')}$`,
    'i',
  );
}
