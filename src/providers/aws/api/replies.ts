import { z } from 'zod';
import { understood } from '../../../util/text/understood.ts';
import type { Ec2Calls, ElbCalls } from './calls.ts';
import { misunderstood } from './errors.ts';

/**
 * What haup reads of the answers of EC2 and ELBv2; what it does not read is dropped here. The lists that an answer is about have to be
 * there, if empty: the client library makes an answer without anything of a web page or of an empty one.
 */

const text = z.string().optional();
/** Of a thing: it goes into further calls and into messages. */
const id = z.string().regex(/^[\w:/.-]{1,2048}$/, 'no id');
const tags = z.array(z.object({ Key: text, Value: text })).optional();
const nextToken = { NextToken: text };

/** All that EC2 has (reference, InstanceState); what is in another one is nothing that haup may conclude from. */
const instanceState = z.enum(['pending', 'running', 'shutting-down', 'terminated', 'stopping', 'stopped']);

const instance = z.object({
  InstanceId: id,
  State: z.object({ Name: instanceState }),
  StateReason: z.object({ Code: text, Message: text }).optional(),
  Tags: tags,
  PublicIpAddress: text,
  PrivateIpAddress: text,
  Placement: z.object({ AvailabilityZone: text }).optional(),
  LaunchTime: z.date().optional(),
  NetworkInterfaces: z
    .array(
      z.object({
        NetworkInterfaceId: text,
        SourceDestCheck: z.boolean().optional(),
        Association: z.object({ IpOwnerId: text }).optional(),
      }),
    )
    .optional(),
});
export type Instance = z.output<typeof instance>;

const elasticIp = z.object({
  AllocationId: id,
  PublicIp: z.ipv4(),
  AssociationId: text,
  InstanceId: text,
  Tags: tags,
});
export type ElasticIp = z.output<typeof elasticIp>;

const zone = z.object({ ZoneName: id, State: text });
export type AvailabilityZone = z.output<typeof zone>;

const permission = z.object({
  IpProtocol: text,
  FromPort: z.number().optional(),
  ToPort: z.number().optional(),
  IpRanges: z.array(z.object({ CidrIp: z.string(), Description: text })).optional(),
  Ipv6Ranges: z.array(z.object({ CidrIpv6: z.string(), Description: text })).optional(),
  UserIdGroupPairs: z.array(z.object({ GroupId: id, Description: text })).optional(),
});
export type IpPermission = z.output<typeof permission>;

const securityGroup = z.object({
  GroupId: id,
  GroupName: text,
  OwnerId: z
    .string()
    .regex(/^\d{12}$/, 'no account')
    .optional(),
  Tags: tags,
  IpPermissions: z.array(permission).optional(),
});
export type SecurityGroup = z.output<typeof securityGroup>;

const subnet = z.object({
  SubnetId: id,
  VpcId: id,
  AvailabilityZone: text,
  AvailableIpAddressCount: z.number().optional(),
  DefaultForAz: z.boolean().optional(),
  MapPublicIpOnLaunch: z.boolean().optional(),
  Tags: tags,
});
export type Subnet = z.output<typeof subnet>;

const enabledZones = z
  .array(
    z.object({
      ZoneName: id,
      SubnetId: id,
      LoadBalancerAddresses: z.array(z.object({ AllocationId: text })).optional(),
    }),
  )
  .optional();

const loadBalancer = z.object({
  LoadBalancerArn: id,
  LoadBalancerName: z.string(),
  DNSName: text,
  State: z.object({ Code: text, Reason: text }).optional(),
  AvailabilityZones: enabledZones,
});
export type LoadBalancer = z.output<typeof loadBalancer>;

const targetGroup = z.object({
  TargetGroupArn: id,
  TargetGroupName: z.string(),
  LoadBalancerArns: z.array(z.string()).optional(),
});
export type TargetGroup = z.output<typeof targetGroup>;

const targetHealth = z.object({
  Target: z.object({ Id: id }),
  TargetHealth: z.object({ State: text, Reason: text, Description: text }).optional(),
});
export type TargetHealthDescription = z.output<typeof targetHealth>;

const route = z.object({
  DestinationCidrBlock: text,
  NetworkInterfaceId: text,
  InstanceId: text,
  State: text,
});
export type Route = z.output<typeof route>;

const routeTable = z.object({
  RouteTableId: id,
  Associations: z.array(z.object({ SubnetId: text, Main: z.boolean().optional() })).optional(),
  Routes: z.array(route).optional(),
});
export type RouteTable = z.output<typeof routeTable>;

const nothing = z.object({});

export const ec2Replies = {
  AllocateAddress: elasticIp,
  AssociateAddress: z.object({ AssociationId: text }),
  AuthorizeSecurityGroupIngress: nothing,
  CreateRoute: nothing,
  CreateSecurityGroup: z.object({ GroupId: id }),
  DeleteRoute: nothing,
  DeleteSecurityGroup: nothing,
  DescribeAddresses: z.object({ Addresses: z.array(elasticIp) }),
  DescribeAvailabilityZones: z.object({ AvailabilityZones: z.array(zone) }),
  DescribeImages: z.object({
    Images: z.array(z.object({ ImageId: text, RootDeviceName: text, CreationDate: text })),
    ...nextToken,
  }),
  DescribeInstances: z.object({
    Reservations: z.array(z.object({ Instances: z.array(instance) })),
    ...nextToken,
  }),
  DescribeInstanceTypes: z.object({
    InstanceTypes: z.array(
      z.object({
        ProcessorInfo: z.object({ SupportedArchitectures: z.array(z.string()).optional() }).optional(),
      }),
    ),
  }),
  DescribeRouteTables: z.object({ RouteTables: z.array(routeTable), ...nextToken }),
  DescribeSecurityGroups: z.object({ SecurityGroups: z.array(securityGroup), ...nextToken }),
  DescribeSubnets: z.object({ Subnets: z.array(subnet), ...nextToken }),
  DescribeVpcs: z.object({ Vpcs: z.array(z.object({ VpcId: id })), ...nextToken }),
  DisassociateAddress: nothing,
  ModifyInstanceAttribute: nothing,
  RebootInstances: nothing,
  ReleaseAddress: nothing,
  ReplaceRoute: nothing,
  RevokeSecurityGroupIngress: nothing,
  RunInstances: z.object({ Instances: z.array(instance).min(1) }),
  StartInstances: nothing,
  StopInstances: nothing,
  TerminateInstances: nothing,
} satisfies Record<keyof Ec2Calls, z.ZodType>;

export const elbReplies = {
  CreateListener: nothing,
  CreateLoadBalancer: z.object({ LoadBalancers: z.array(loadBalancer).min(1) }),
  CreateTargetGroup: z.object({ TargetGroups: z.array(targetGroup).min(1) }),
  DeleteLoadBalancer: nothing,
  DeleteTargetGroup: nothing,
  DeregisterTargets: nothing,
  DescribeLoadBalancers: z.object({ LoadBalancers: z.array(loadBalancer) }),
  DescribeTags: z.object({ TagDescriptions: z.array(z.object({ ResourceArn: id, Tags: tags })) }),
  DescribeTargetGroups: z.object({ TargetGroups: z.array(targetGroup) }),
  DescribeTargetHealth: z.object({ TargetHealthDescriptions: z.array(targetHealth) }),
  ModifyLoadBalancerAttributes: nothing,
  ModifyTargetGroupAttributes: nothing,
  RegisterTargets: nothing,
  SetSubnets: z.object({ AvailabilityZones: enabledZones }),
} satisfies Record<keyof ElbCalls, z.ZodType>;

export type Ec2Replies = { [A in keyof typeof ec2Replies]: z.output<(typeof ec2Replies)[A]> };
export type ElbReplies = { [A in keyof typeof elbReplies]: z.output<(typeof elbReplies)[A]> };

/**
 * What haup reads of an answer. What has another form says nothing: it is asked for again, and nothing is planned from it.
 * @throws AwsError `transient`, code `Misunderstood`
 */
export function readReply<S extends z.ZodType>(schema: S, answer: unknown, action: string): z.output<S> {
  return understood(schema, answer, (how) => misunderstood(action, how));
}
