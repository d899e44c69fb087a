import { BlockList } from 'node:net';
import { elasticIpOf } from './ec2-addresses.ts';
import type { InstanceThing, World } from './world.ts';

/**
 * Whether security groups let a new TCP connection from `source` (a public IPv4 address) in at `ip`:`port`. On a machine its
 * groups decide. On a balancer's node the balancer's groups do, and then the targets' must accept the balancer's: what
 * reaches them comes from it, client-IP preservation being off.
 */
export function admits(world: World, source: string, ip: string, port: number): boolean {
  const machine = [...world.instances.values()].find(
    (one) => elasticIpOf(world, one)?.ip === ip || one.ephemeralIp === ip,
  );
  if (machine) return opens(world, machine.groups, port, { source });
  for (const balancer of world.balancers.values()) {
    if (!balancer.nodes.some((node) => node.ip === ip)) continue;
    const listener = [...world.listeners.values()].find(
      (one) => one.balancerArn === balancer.id && one.port === port,
    );
    const group = world.targetGroups.get(listener?.groupArn ?? '');
    const preserved = group?.attributes['preserve_client_ip.enabled'] !== 'false';
    const behind = (group?.targets ?? [])
      .map((target) => world.instances.get(target.instanceId))
      .filter((target): target is InstanceThing => target !== undefined);
    const from = preserved ? { source } : { groups: balancer.groups };
    return (
      opens(world, balancer.groups, port, { source }) &&
      behind.some((target) => opens(world, target.groups, group!.port, from))
    );
  }
  return false;
}

/** Whether one of the groups lets in a new TCP connection from an address, or from members of groups. */
export function opens(
  world: World,
  groups: readonly string[],
  port: number,
  from: { source?: string; groups?: readonly string[] },
): boolean {
  return groups
    .flatMap((id) => world.groups.get(id)?.rules ?? [])
    .filter((rule) => (rule.FromPort ?? 0) <= port && port <= (rule.ToPort ?? 65535))
    .some((rule) => {
      const range = rule.IpRanges?.[0]?.CidrIp;
      if (range && from.source) return contains(range, from.source);
      return from.groups?.includes(rule.UserIdGroupPairs?.[0]?.GroupId ?? '') ?? false;
    });
}

function contains(range: string, ip: string): boolean {
  const [network = '', bits = '32'] = range.split('/');
  const list = new BlockList();
  list.addSubnet(network, Number(bits));
  return list.check(ip);
}
