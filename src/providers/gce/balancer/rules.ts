import { poll } from '../../shared/poll.ts';
import type { Context } from '../api/cloud.ts';
import { isInUse, make, remove } from '../api/common.ts';
import { linkTo } from '../api/links.ts';
import { type ForwardingRule, forwardingRule } from '../api/schemas.ts';

/** The cluster's forwarding rules: the one with the API address, and the temporary one that gives targets health. */
export interface Rules {
  readonly final: ForwardingRule | null;
  readonly warm: ForwardingRule | null;
}

export async function readRules({ cloud, cluster, names, description }: Context): Promise<Rules> {
  const filter = `name eq ${names.pattern}`;
  const found = await cloud.list('forwardingRules.list', { region: cluster.region, filter }, forwardingRule);
  const own = (name: string) =>
    found.find((each) => each.name === name && each.description === description) ?? null;
  return { final: own(names.rule), warm: own(names.warmRule) };
}

/**
 * The address of the rule under which targets have health now: the one with the API address, else the temporary one.
 * A rule is there before its number is, while the operation that makes it (a crashed run's, perhaps) goes on.
 * Null when there is neither.
 */
export async function ruleAddress(context: Context): Promise<string | null> {
  const { final, warm } = await settledRules(context);
  return (final ?? warm)?.IPAddress ?? null;
}

/** The rules, those that are there with their addresses. */
export function settledRules(context: Context): Promise<Rules> {
  return poll(
    async () => {
      const rules = await readRules(context);
      const present = [rules.final, rules.warm].filter((rule) => rule !== null);
      return present.every((rule) => rule.IPAddress !== '') ? rules : undefined;
    },
    {
      what: 'the forwarding rule to have its address',
      clock: context.clock,
      signal: context.cloud.signal,
      timeoutMs: 10 * 60_000,
    },
  );
}

/** Makes a forwarding rule to the backend service; `ip` undefined: with an ephemeral address. */
export async function makeRule(context: Context, name: string, ip: string | undefined): Promise<void> {
  const { cloud, cluster, names, description } = context;
  const { region } = cluster;
  const forwardingRuleResource = {
    name,
    description,
    loadBalancingScheme: 'EXTERNAL',
    IPProtocol: 'TCP',
    ports: [String(cluster.apiPort)],
    ...(ip === undefined ? {} : { IPAddress: ip }),
    backendService: await linkTo(context, `regions/${region}/backendServices/${names.backendService}`),
  };
  await make(
    context,
    'forwardingRules.insert',
    { region, forwardingRuleResource },
    `the forwarding rule ${name}`,
    () => cloud.get('forwardingRules.get', { region, forwardingRule: name }, forwardingRule),
    // The address may count as in use for a moment after its last user has let go of it.
    { passing: isInUse, firstPauseMs: 250, deadlineMs: 120_000 },
  );
}

export async function removeRule(context: Context, name: string, accepted?: () => void): Promise<void> {
  const request = { region: context.cluster.region, forwardingRule: name };
  await remove(context, 'forwardingRules.delete', request, `deleting the forwarding rule ${name}`, accepted);
}
