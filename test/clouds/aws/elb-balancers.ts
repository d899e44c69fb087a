import type { LoadBalancer, SubnetMapping } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { ElbCalls } from '../../../src/providers/aws/api/calls.ts';
import { associate } from './ec2-addresses.ts';
import type { Handlers } from './ec2-network.ts';
import { refreshRoutes } from './elb-health.ts';
import { refuse } from './refusal.ts';
import { checked } from './tags.ts';
import type { AddressThing, BalancerThing, NodeThing, SubnetThing, World } from './world.ts';

export function balancerHandlers(
  world: World,
): Handlers<
  ElbCalls,
  | 'CreateLoadBalancer'
  | 'DeleteLoadBalancer'
  | 'DescribeLoadBalancers'
  | 'ModifyLoadBalancerAttributes'
  | 'SetSubnets'
  | 'CreateListener'
> {
  const { delays } = world;
  return {
    async CreateLoadBalancer(input, call) {
      const name = checkedName(input.Name);
      if (input.Type !== 'network' || input.Scheme !== 'internet-facing')
        refuse('ValidationError', 'this cloud has internet-facing network load balancers');
      const fingerprint = JSON.stringify(input);
      const same = [...world.balancers.values()].find((one) => one.name === name);
      // Idempotent for the same settings. ELBv2 reference, CreateLoadBalancer.
      if (same && same.fingerprint === fingerprint) return { LoadBalancers: [view(world, same)] };
      if (same)
        refuse(
          'DuplicateLoadBalancerName',
          `A load balancer with the same name '${name}' exists, but with different settings`,
        );
      for (const group of input.SecurityGroups ?? []) {
        const found = world.groups.get(group);
        if (!found || !world.isKnown(found))
          refuse('InvalidSecurityGroup', `The security group '${group}' does not exist`);
      }
      const nodes = mapped(world, input.SubnetMappings ?? [], []);
      const id = `arn:aws:elasticloadbalancing:${world.options.region}:${world.accountId}:loadbalancer/net/${name}/${world.newId('').slice(2)}`;
      const balancer: BalancerThing = {
        id,
        createdAt: world.now,
        name,
        dnsName: `${name}-${id.slice(-16)}.elb.${world.options.region}.amazonaws.com`,
        groups: input.SecurityGroups ?? [],
        fingerprint,
        tags: checked(input.Tags ?? []),
        nodes: [],
        attributes: {},
        activeAt: world.now + delays.provisioning,
        failed: null,
      };
      world.balancers.set(id, balancer);
      for (const node of nodes) await takeNode(world, balancer, node);
      if (call.failLater)
        world.after(delays.provisioning, () => {
          balancer.failed = call.failLater!.message;
        });
      return { LoadBalancers: [view(world, balancer)] };
    },

    async DeleteLoadBalancer(input) {
      // "If the load balancer does not exist or has already been deleted, the call succeeds." ELBv2 reference.
      const balancer = world.balancers.get(input.LoadBalancerArn ?? '');
      if (!balancer) return {};
      for (const [arn, listener] of world.listeners)
        if (listener.balancerArn === balancer.id) world.listeners.delete(arn);
      for (const node of balancer.nodes) await dropNode(world, balancer, node);
      balancer.nodes = [];
      world.after(delays.deleteBalancer, () => {
        world.balancers.delete(balancer.id);
        world.leftovers.push({ groups: balancer.groups, goneAt: world.now + delays.interfaceRelease });
      });
      return {};
    },

    DescribeLoadBalancers(input) {
      const known = world.known(world.balancers);
      const named = (input.Names ?? []).map(
        (name) =>
          known.find((one) => one.name === name) ??
          refuse('LoadBalancerNotFound', `One or more load balancers not found: ${name}`),
      );
      return { LoadBalancers: (input.Names ? named : known).map((one) => view(world, one)) };
    },

    ModifyLoadBalancerAttributes(input) {
      const balancer = find(world, input.LoadBalancerArn);
      for (const { Key = '', Value = '' } of input.Attributes ?? []) {
        if (!balancerAttributes.has(Key))
          refuse('InvalidConfigurationRequest', `Load balancer attribute key '${Key}' is not recognized`);
        balancer.attributes[Key] = Value;
      }
      return { Attributes: input.Attributes };
    },

    async SetSubnets(input) {
      const balancer = find(world, input.LoadBalancerArn);
      const wanted =
        input.SubnetMappings ?? refuse('ValidationError', 'a network load balancer wants its mappings named');
      if (wanted.length === 0) refuse('ValidationError', 'At least one subnet must be specified');
      // A change within one zone is two calls: "must be independent actions". ELBv2 user guide, availability zones.
      for (const mapping of wanted) {
        const zone = subnetOf(world, mapping).zone;
        const node = balancer.nodes.find((one) => one.subnet.zone === zone);
        if (
          node &&
          (node.subnet.id !== mapping.SubnetId || node.allocationId !== (mapping.AllocationId ?? null))
        )
          refuse(
            'InvalidConfigurationRequest',
            `The mapping of the enabled zone ${zone} cannot be changed: remove it first`,
          );
      }
      const fresh = wanted.filter(
        (mapping) => !balancer.nodes.some((node) => node.subnet.id === mapping.SubnetId),
      );
      oneAZone(world, wanted);
      const nodes = mapped(world, fresh, balancer.nodes);
      const gone = balancer.nodes.filter(
        (node) => !wanted.some((mapping) => mapping.SubnetId === node.subnet.id),
      );
      balancer.nodes = balancer.nodes.filter((node) => !gone.includes(node));
      for (const node of gone) await dropNode(world, balancer, node);
      for (const node of nodes) await takeNode(world, balancer, node, delays.setSubnets);
      if ((nodes.length > 0 || gone.length > 0) && world.readings.stateDuringSetSubnets === 'provisioning')
        balancer.activeAt = Math.max(balancer.activeAt, world.now + delays.setSubnets);
      return { AvailabilityZones: view(world, balancer).AvailabilityZones };
    },

    CreateListener(input) {
      const balancer = find(world, input.LoadBalancerArn);
      const groupArn = input.DefaultActions?.[0]?.TargetGroupArn ?? '';
      const group = world.targetGroups.get(groupArn);
      if (!group || !world.isKnown(group))
        return refuse('TargetGroupNotFound', `Target group '${groupArn}' not found`);
      const { Protocol, Port = 0 } = input;
      if (Protocol !== 'TCP') refuse('UnsupportedProtocol', `this cloud's listeners speak TCP`);
      const present = [...world.listeners.values()].find(
        (one) => one.balancerArn === balancer.id && one.port === Port,
      );
      if (present && present.groupArn !== group.id)
        refuse(
          'DuplicateListener',
          `A listener already exists on this port for this load balancer '${balancer.id}'`,
        );
      // A target group serves one load balancer. ELBv2 reference, limits.
      const other = [...world.listeners.values()].find(
        (one) => one.groupArn === group.id && one.balancerArn !== balancer.id,
      );
      if (other)
        refuse(
          'TargetGroupAssociationLimit',
          `Target group '${group.id}' is already associated with ${other.balancerArn}`,
        );
      const id = present?.id ?? balancer.id.replace(':loadbalancer/', ':listener/').concat(`/${Port}`);
      if (!present)
        world.listeners.set(id, {
          id,
          createdAt: world.now,
          tags: [],
          balancerArn: balancer.id,
          groupArn: group.id,
          port: Port,
        });
      return { Listeners: [{ ListenerArn: id, LoadBalancerArn: balancer.id, Port, Protocol }] };
    },
  };
}

const balancerAttributes = new Set([
  'load_balancing.cross_zone.enabled',
  'deletion_protection.enabled',
  'access_logs.s3.enabled',
]);

function find(world: World, arn: string | undefined): BalancerThing {
  const balancer = world.balancers.get(arn ?? '');
  if (balancer && world.isKnown(balancer)) return balancer;
  return refuse('LoadBalancerNotFound', `Load balancer '${arn}' not found`);
}

/** ELBv2 reference, CreateLoadBalancer: 32 letters, digits and hyphens; no hyphen at either end; not "internal-…". */
export function checkedName(name: string | undefined): string {
  if (!name || !/^(?!internal-)[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?$/.test(name))
    return refuse('ValidationError', `The load balancer name '${name}' is not valid`);
  return name;
}

function subnetOf(world: World, mapping: SubnetMapping): SubnetThing {
  return (
    world.subnets.get(mapping.SubnetId ?? '') ??
    refuse('SubnetNotFound', `The subnet ID '${mapping.SubnetId}' is not valid`)
  );
}

function oneAZone(world: World, mappings: readonly SubnetMapping[]): void {
  const zones = mappings.map((mapping) => subnetOf(world, mapping).zone);
  if (new Set(zones).size < zones.length)
    refuse(
      'InvalidConfigurationRequest',
      'A load balancer cannot be attached to multiple subnets in the same Availability Zone',
    );
}

/** What AWS's name servers answer for a balancer's name: a node whose zone is lost is among them for a while. */
export function addressesOf(world: World, name: string): readonly string[] {
  const balancer = [...world.balancers.values()].find((one) => one.dnsName === name);
  return (balancer?.nodes ?? []).filter((node) => node.ready).map((node) => node.ip);
}

type NewNode = Pick<NodeThing, 'subnet' | 'allocationId'> & { readonly address: AddressThing | null };

/** New zones: their subnets have room, and their Elastic IPs are free. */
function mapped(world: World, mappings: readonly SubnetMapping[], present: readonly NodeThing[]): NewNode[] {
  if (mappings.length + present.length === 0)
    refuse('ValidationError', 'At least one subnet must be specified');
  oneAZone(world, mappings);
  return mappings.map((mapping) => {
    const subnet = subnetOf(world, mapping);
    if (subnet.freeAddresses < 8)
      refuse(
        'InvalidSubnet',
        `Not enough IP space available in ${subnet.id}. ELB requires at least 8 free IP addresses in each subnet`,
      );
    if (!/[a-z]$/.test(subnet.zone)) refuse('InvalidSubnet', 'Local Zones are not supported');
    if (!mapping.AllocationId) return { subnet, allocationId: null, address: null };
    const address = world.addresses.get(mapping.AllocationId);
    if (!address || !world.isKnown(address))
      return refuse('AllocationIdNotFound', `The allocation IDs '${mapping.AllocationId}' do not exist`);
    // terraform-aws-modules/terraform-aws-alb#171.
    if (address.association) refuse('ResourceInUse', 'The allocation IDs are not available for use');
    return { subnet, allocationId: address.id, address };
  });
}

/** The node takes its address at once and works when the balancer is active and the change has been carried out. */
async function takeNode(
  world: World,
  balancer: BalancerThing,
  { subnet, allocationId, address }: NewNode,
  delay = 0,
): Promise<void> {
  const node: NodeThing = {
    subnet,
    allocationId,
    ip: address?.ip ?? world.options.realizer.allocateAddress(),
    enabledAt: world.now,
    ready: false,
    routed: 'null',
  };
  balancer.nodes.push(node);
  if (address)
    await associate(world, address, {
      id: world.newId('eipassoc'),
      instanceId: null,
      node: { balancerArn: balancer.id, zone: subnet.zone },
    });
  const wait = Math.max(balancer.activeAt - world.now, delay);
  world.after(wait, async () => {
    if (!balancer.nodes.includes(node)) return;
    node.ready = true;
    await refreshRoutes(world, balancer);
  });
}

/** Cut off at once; its Elastic IP is free some time later. */
async function dropNode(world: World, _balancer: BalancerThing, node: NodeThing): Promise<void> {
  const { realizer } = world.options;
  await realizer.route(node.ip, null);
  const address = node.allocationId ? world.addresses.get(node.allocationId) : undefined;
  if (!address) return realizer.freeAddress(node.ip);
  const { association } = address;
  world.after(world.delays.freeAddress, async () => {
    if (address.association === association) await associate(world, address, null);
  });
}

function view(world: World, one: BalancerThing): LoadBalancer {
  const active = world.now >= one.activeAt;
  return {
    LoadBalancerArn: one.id,
    LoadBalancerName: one.name,
    DNSName: one.dnsName,
    Type: 'network',
    Scheme: 'internet-facing',
    SecurityGroups: [...one.groups],
    State: one.failed ? { Code: 'failed', Reason: one.failed } : { Code: active ? 'active' : 'provisioning' },
    AvailabilityZones: one.nodes.map((node) => ({
      ZoneName: node.subnet.zone,
      SubnetId: node.subnet.id,
      LoadBalancerAddresses: node.allocationId
        ? [{ IpAddress: node.ip, AllocationId: node.allocationId }]
        : [],
    })),
  };
}
