import type { TargetGroup } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { ElbCalls } from '../../../src/providers/aws/api/calls.ts';
import type { Handlers } from './ec2-network.ts';
import { checkedName } from './elb-balancers.ts';
import { balancerOf, healthOf, refreshRoutes } from './elb-health.ts';
import { refuse } from './refusal.ts';
import { checked } from './tags.ts';
import type { TargetGroupThing, World } from './world.ts';

export function targetHandlers(
  world: World,
): Handlers<
  ElbCalls,
  | 'CreateTargetGroup'
  | 'DeleteTargetGroup'
  | 'DescribeTargetGroups'
  | 'ModifyTargetGroupAttributes'
  | 'RegisterTargets'
  | 'DeregisterTargets'
  | 'DescribeTargetHealth'
  | 'DescribeTags'
> {
  const find = (arn: string | undefined): TargetGroupThing => {
    const group = world.targetGroups.get(arn ?? '');
    return group && world.isKnown(group)
      ? group
      : refuse('TargetGroupNotFound', `Target group '${arn}' not found`);
  };
  const reroute = async (group: TargetGroupThing) => {
    const balancer = balancerOf(world, group);
    if (balancer) await refreshRoutes(world, balancer);
  };

  return {
    CreateTargetGroup(input) {
      const name = checkedName(input.Name);
      const { Tags = [], ...settings } = input;
      const fingerprint = JSON.stringify(settings);
      const same = [...world.targetGroups.values()].find((one) => one.name === name);
      if (same && same.fingerprint === fingerprint) return { TargetGroups: [view(world, same)] };
      if (same)
        refuse(
          'DuplicateTargetGroupName',
          `A target group with the same name '${name}' exists, but with different settings`,
        );
      if (!world.vpcs.has(input.VpcId ?? ''))
        refuse('ValidationError', `The VPC ID '${input.VpcId}' is not found`);
      if (input.Protocol !== 'TCP' || input.TargetType !== 'instance')
        refuse('ValidationError', 'this cloud has TCP groups of instances');
      inRange('HealthCheckIntervalSeconds', input.HealthCheckIntervalSeconds, 5, 300);
      inRange('HealthCheckTimeoutSeconds', input.HealthCheckTimeoutSeconds, 2, 120);
      inRange('HealthyThresholdCount', input.HealthyThresholdCount, 2, 10);
      inRange('UnhealthyThresholdCount', input.UnhealthyThresholdCount, 2, 10);
      if ((input.HealthCheckTimeoutSeconds ?? 0) >= (input.HealthCheckIntervalSeconds ?? 30))
        refuse('ValidationError', 'Health check timeout must be smaller than the interval');
      const id = `arn:aws:elasticloadbalancing:${world.options.region}:${world.accountId}:targetgroup/${name}/${world.newId('').slice(2)}`;
      const group: TargetGroupThing = {
        id,
        createdAt: world.now,
        name,
        port: input.Port ?? 0,
        path: input.HealthCheckPath ?? '/',
        vpcId: input.VpcId!,
        fingerprint,
        health: {
          interval: input.HealthCheckIntervalSeconds ?? 30,
          timeout: input.HealthCheckTimeoutSeconds ?? 10,
          rise: input.HealthyThresholdCount ?? 5,
          fall: input.UnhealthyThresholdCount ?? 2,
          protocol: input.HealthCheckProtocol ?? 'TCP',
          matcher: input.Matcher?.HttpCode ?? '200-399',
        },
        attributes: { 'preserve_client_ip.enabled': 'true', 'deregistration_delay.timeout_seconds': '300' },
        tags: checked(Tags),
        targets: [],
      };
      world.targetGroups.set(id, group);
      return { TargetGroups: [view(world, group)] };
    },

    DeleteTargetGroup(input) {
      const group = world.targetGroups.get(input.TargetGroupArn ?? '');
      if (!group) return {};
      if ([...world.listeners.values()].some((one) => one.groupArn === group.id))
        refuse('ResourceInUse', `Target group '${group.id}' is currently in use by a listener or a rule`);
      world.targetGroups.delete(group.id);
      return {};
    },

    DescribeTargetGroups(input) {
      const known = world.known(world.targetGroups);
      const named = (input.Names ?? []).map(
        (name) =>
          known.find((one) => one.name === name) ??
          refuse('TargetGroupNotFound', 'One or more target groups not found'),
      );
      return { TargetGroups: (input.Names ? named : known).map((one) => view(world, one)) };
    },

    ModifyTargetGroupAttributes(input) {
      const group = find(input.TargetGroupArn);
      for (const { Key = '', Value = '' } of input.Attributes ?? []) {
        if (!groupAttributes.has(Key))
          refuse('InvalidConfigurationRequest', `Target group attribute key '${Key}' is not recognized`);
        group.attributes[Key] = Value;
      }
      return { Attributes: input.Attributes };
    },

    async RegisterTargets(input) {
      const group = find(input.TargetGroupArn);
      for (const { Id = '' } of input.Targets ?? []) {
        const instance = world.instances.get(Id);
        if (instance?.state !== 'running' || instance.subnet.vpcId !== group.vpcId)
          refuse(
            'InvalidTarget',
            `The following targets are not in a running state or do not exist: '${Id}'`,
          );
        const present = group.targets.find((target) => target.instanceId === Id);
        if (present && present.drainedAt === null) continue;
        group.targets = group.targets.filter((target) => target !== present);
        group.targets.push({ instanceId: Id, registeredAt: world.now, drainedAt: null });
      }
      await reroute(group);
      return {};
    },

    async DeregisterTargets(input) {
      const group = find(input.TargetGroupArn);
      for (const { Id = '' } of input.Targets ?? []) {
        const target = group.targets.find((one) => one.instanceId === Id && one.drainedAt === null);
        if (!target) continue;
        target.drainedAt = world.now;
        world.after(world.delays.draining, () => {
          group.targets = group.targets.filter((one) => one !== target);
        });
      }
      await reroute(group);
      return {};
    },

    async DescribeTargetHealth(input) {
      const group = find(input.TargetGroupArn);
      await reroute(group);
      const all = await Promise.all(
        group.targets.map(async (target) => {
          const { state, reason } = await healthOf(world, group, target);
          return {
            Target: { Id: target.instanceId, Port: group.port },
            TargetHealth: { State: state, ...(reason ? { Reason: reason as never } : {}) },
          };
        }),
      );
      return { TargetHealthDescriptions: all };
    },

    DescribeTags: (input) => ({
      TagDescriptions: (input.ResourceArns ?? []).map((arn) => {
        const thing = world.balancers.get(arn) ?? world.targetGroups.get(arn);
        if (!thing)
          return refuse(
            arn.includes(':targetgroup/') ? 'TargetGroupNotFound' : 'LoadBalancerNotFound',
            `'${arn}' not found`,
          );
        return { ResourceArn: arn, Tags: thing.tags.map(({ Key, Value }) => ({ Key: Key!, Value: Value! })) };
      }),
    }),
  };
}

const groupAttributes = new Set([
  'preserve_client_ip.enabled',
  'deregistration_delay.timeout_seconds',
  'deregistration_delay.connection_termination.enabled',
  'proxy_protocol_v2.enabled',
  'stickiness.enabled',
  'stickiness.type',
  'load_balancing.cross_zone.enabled',
  'target_health_state.unhealthy.connection_termination.enabled',
]);

function inRange(name: string, value: number | undefined, low: number, high: number): void {
  if (value !== undefined && (value < low || value > high))
    refuse('ValidationError', `${name} must be between ${low} and ${high}`);
}

function view(world: World, one: TargetGroupThing): TargetGroup {
  const balancer = balancerOf(world, one);
  return {
    TargetGroupArn: one.id,
    TargetGroupName: one.name,
    Protocol: 'TCP',
    Port: one.port,
    VpcId: one.vpcId,
    TargetType: 'instance',
    HealthCheckPath: one.path,
    LoadBalancerArns: balancer ? [balancer.id] : [],
  };
}
