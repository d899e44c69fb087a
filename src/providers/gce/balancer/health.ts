import { poll } from '../../shared/poll.ts';
import type { Context } from '../api/cloud.ts';
import { linkTo } from '../api/links.ts';
import { groupHealth } from '../api/schemas.ts';
import { lastPart } from '../names.ts';
import type { Members } from './groups.ts';

/** From a forwarding rule's insertion until probes come: seconds today, minutes in kube-up's days. */
const HEALTH_LIMIT_MS = 10 * 60_000;

/**
 * The names of the members that are healthy behind the rule with this address: passthrough probes are addressed to
 * the rule's IP, so health is of a target *and* a rule.
 */
export async function healthyMembers(
  context: Context,
  members: Members,
  ip: string,
): Promise<ReadonlySet<string>> {
  const { cloud, cluster, names } = context;
  const zones = [...members].filter(([, list]) => list.length > 0).map(([zone]) => zone);
  const perZone = await Promise.all(
    zones.map(async (zone) => {
      const group = await linkTo(context, `zones/${zone}/instanceGroups/${names.group}`);
      const request = {
        region: cluster.region,
        backendService: names.backendService,
        resourceGroupReferenceResource: { group },
      };
      const { healthStatus } = await cloud.ask('regionBackendServices.getHealth', request, groupHealth);
      return healthStatus.filter(
        (each) => each.healthState === 'HEALTHY' && (each.forwardingRuleIp ?? ip) === ip,
      );
    }),
  );
  return new Set(perZone.flat().map((each) => lastPart(each.instance)));
}

/** @throws `transient` at the time limit, naming the targets that are not healthy. */
export async function untilHealthy(
  context: Context,
  members: Members,
  ip: string,
  targets: readonly string[],
): Promise<void> {
  if (targets.length > 0)
    await waitForHealth(context, members, ip, targets, (missing) => missing.length === 0);
}

/**
 * Until all members are healthy or `patienceMs` are over, whichever is first, and one at least is. A dead one must not keep the address
 * from those that serve.
 * @throws `transient` at the time limit when none is, naming them.
 */
export async function untilServing(
  context: Context,
  members: Members,
  ip: string,
  patienceMs: number,
): Promise<void> {
  const targets = [...members.values()].flat();
  const until = context.clock.now() + patienceMs;
  await waitForHealth(context, members, ip, targets, (missing) => {
    const isOver = context.clock.now() >= until;
    return missing.length === 0 || (isOver && missing.length < targets.length);
  });
}

async function waitForHealth(
  context: Context,
  members: Members,
  ip: string,
  targets: readonly string[],
  isEnough: (missing: readonly string[]) => boolean,
): Promise<void> {
  let missing = targets;
  const { apiPort } = context.cluster;
  context.progress(`waiting for ${targets.join(', ')} to be healthy behind the load balancer`);
  await poll(
    async () => {
      const healthy = await healthyMembers(context, members, ip);
      missing = targets.filter((name) => !healthy.has(name));
      return isEnough(missing) ? true : undefined;
    },
    {
      what: `${targets.length === 1 ? 'a target' : 'targets'} to be healthy behind ${ip}`,
      clock: context.clock,
      signal: context.cloud.signal,
      timeoutMs: HEALTH_LIMIT_MS,
      intervalMs: 1000,
      last: () => `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not`,
      advice:
        `Health checkers ask https://<machine>:${apiPort}/readyz at the load balancer's address: ` +
        'is the API server ready, and is the address a local one on the machine (ip route show table local)?',
    },
  );
}
