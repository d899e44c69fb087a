import type * as Ec2 from '@aws-sdk/client-ec2';
import type * as Elb from '@aws-sdk/client-elastic-load-balancing-v2';

/**
 * Every EC2 action that haup uses, with its request and answer. The list is also the list of permissions that haup
 * needs (docs/aws.md, tested by denying each).
 */
export interface Ec2Calls {
  AllocateAddress: [Ec2.AllocateAddressRequest, Ec2.AllocateAddressResult];
  AssociateAddress: [Ec2.AssociateAddressRequest, Ec2.AssociateAddressResult];
  AuthorizeSecurityGroupIngress: [Ec2.AuthorizeSecurityGroupIngressRequest, object];
  CreateRoute: [Ec2.CreateRouteRequest, object];
  CreateSecurityGroup: [Ec2.CreateSecurityGroupRequest, Ec2.CreateSecurityGroupResult];
  DeleteRoute: [Ec2.DeleteRouteRequest, object];
  DeleteSecurityGroup: [Ec2.DeleteSecurityGroupRequest, object];
  DescribeAddresses: [Ec2.DescribeAddressesRequest, Ec2.DescribeAddressesResult];
  DescribeAvailabilityZones: [Ec2.DescribeAvailabilityZonesRequest, Ec2.DescribeAvailabilityZonesResult];
  DescribeImages: [Ec2.DescribeImagesRequest, Ec2.DescribeImagesResult];
  DescribeInstances: [Ec2.DescribeInstancesRequest, Ec2.DescribeInstancesResult];
  DescribeInstanceTypes: [Ec2.DescribeInstanceTypesRequest, Ec2.DescribeInstanceTypesResult];
  DescribeRouteTables: [Ec2.DescribeRouteTablesRequest, Ec2.DescribeRouteTablesResult];
  DescribeSecurityGroups: [Ec2.DescribeSecurityGroupsRequest, Ec2.DescribeSecurityGroupsResult];
  DescribeSubnets: [Ec2.DescribeSubnetsRequest, Ec2.DescribeSubnetsResult];
  DescribeVpcs: [Ec2.DescribeVpcsRequest, Ec2.DescribeVpcsResult];
  DisassociateAddress: [Ec2.DisassociateAddressRequest, object];
  ModifyInstanceAttribute: [Ec2.ModifyInstanceAttributeRequest, object];
  RebootInstances: [Ec2.RebootInstancesRequest, object];
  ReleaseAddress: [Ec2.ReleaseAddressRequest, object];
  ReplaceRoute: [Ec2.ReplaceRouteRequest, object];
  RevokeSecurityGroupIngress: [Ec2.RevokeSecurityGroupIngressRequest, object];
  RunInstances: [Ec2.RunInstancesRequest, Ec2.Reservation];
  StartInstances: [Ec2.StartInstancesRequest, Ec2.StartInstancesResult];
  StopInstances: [Ec2.StopInstancesRequest, Ec2.StopInstancesResult];
  TerminateInstances: [Ec2.TerminateInstancesRequest, Ec2.TerminateInstancesResult];
}

/** Every Elastic Load Balancing (v2) action that haup uses. */
export interface ElbCalls {
  CreateListener: [Elb.CreateListenerInput, Elb.CreateListenerOutput];
  CreateLoadBalancer: [Elb.CreateLoadBalancerInput, Elb.CreateLoadBalancerOutput];
  CreateTargetGroup: [Elb.CreateTargetGroupInput, Elb.CreateTargetGroupOutput];
  DeleteLoadBalancer: [Elb.DeleteLoadBalancerInput, object];
  DeleteTargetGroup: [Elb.DeleteTargetGroupInput, object];
  DeregisterTargets: [Elb.DeregisterTargetsInput, object];
  DescribeLoadBalancers: [Elb.DescribeLoadBalancersInput, Elb.DescribeLoadBalancersOutput];
  DescribeTags: [Elb.DescribeTagsInput, Elb.DescribeTagsOutput];
  DescribeTargetGroups: [Elb.DescribeTargetGroupsInput, Elb.DescribeTargetGroupsOutput];
  DescribeTargetHealth: [Elb.DescribeTargetHealthInput, Elb.DescribeTargetHealthOutput];
  ModifyLoadBalancerAttributes: [
    Elb.ModifyLoadBalancerAttributesInput,
    Elb.ModifyLoadBalancerAttributesOutput,
  ];
  ModifyTargetGroupAttributes: [Elb.ModifyTargetGroupAttributesInput, Elb.ModifyTargetGroupAttributesOutput];
  RegisterTargets: [Elb.RegisterTargetsInput, object];
  SetSubnets: [Elb.SetSubnetsInput, Elb.SetSubnetsOutput];
}
