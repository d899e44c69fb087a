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
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** One permission that a call needs, with what conditions can ask about. */
interface Need {
  readonly action: string;
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

/** Tags at creation need a permission of their own. EC2: "Grant permission to tag resources during creation"; ELB: AddTags. */
function needsOf(world: World, service: string, action: string, input: object): Need[] {
  const { specified, resource } = subject(world, input);
  const keys = {
    'aws:RequestedRegion': world.options.region,
    ...prefixed('aws:RequestTag/', specified),
    ...prefixed('aws:ResourceTag/', resource ?? []),
  };
  const needs: Need[] = [{ action: `${service}:${action}`, keys }];
  if (specified.length > 0)
    needs.push(
      service === 'ec2'
        ? { action: 'ec2:CreateTags', keys: { ...keys, 'ec2:CreateAction': action } }
        : {
            action: 'elasticloadbalancing:AddTags',
            keys: { ...keys, 'elasticloadbalancing:CreateAction': action },
          },
    );
  return needs;
}

/** The tags that a call gives, and those of the thing it is about. */
function subject(world: World, input: object): { specified: Tag[]; resource: Tag[] | null } {
  const all = input as Record<string, unknown> & {
    TagSpecifications?: { Tags?: Tag[] }[];
    Tags?: Tag[];
    InstanceIds?: string[];
  };
  const specified = all.TagSpecifications?.[0]?.Tags ?? all.Tags ?? [];
  const association = [...world.addresses.values()].find(
    (one) => one.association?.id === all['AssociationId'],
  );
  const ids = [
    all.InstanceIds?.[0],
    all['AllocationId'],
    association?.id,
    all['GroupId'],
    all['LoadBalancerArn'],
    all['TargetGroupArn'],
  ];
  const id = ids.find((one): one is string => typeof one === 'string');
  const things: ReadonlyMap<string, Thing>[] = [
    world.instances,
    world.addresses,
    world.groups,
    world.balancers,
    world.targetGroups,
  ];
  const thing =
    id === undefined ? undefined : things.map((map) => map.get(id)).find((one) => one !== undefined);
  return { specified, resource: thing ? [...thing.tags] : null };
}

function prefixed(prefix: string, tags: readonly Tag[]): Record<string, string> {
  return Object.fromEntries(tags.map((tag) => [`${prefix}${tag.Key}`, tag.Value ?? '']));
}

function applies(statement: Statement, need: Need): boolean {
  const actions = ([] as string[]).concat(statement.Action);
  if (!actions.some((pattern) => wild(pattern).test(need.action))) return false;
  return Object.entries(statement.Condition ?? {}).every(([operator, tests]) =>
    Object.entries(tests).every(([key, expected]) =>
      holds(operator, need.keys[key], ([] as string[]).concat(expected)),
    ),
  );
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
