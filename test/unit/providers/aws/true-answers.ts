/** What AWS answers of a cluster of two masters behind a load balancer, by action. */
export const cluster = {
  name: 'demo',
  uid: '0123456789abcdef',
  region: 'eu-west-1',
  zone: 'eu-west-1a',
  apiPort: 443,
};

const Tags = (more: Record<string, string>) =>
  Object.entries({ 'haup-uid': cluster.uid, 'haup-cluster': 'demo', ...more }).map(([Key, Value]) => ({
    Key,
    Value,
  }));

const instance = (at: number) => ({
  InstanceId: `i-0${at}`,
  State: { Code: 16, Name: 'running' },
  PublicIpAddress: `203.0.113.${at}`,
  PrivateIpAddress: `10.0.0.${at}`,
  Placement: { AvailabilityZone: `eu-west-1${'ab'[at]}` },
  LaunchTime: new Date('2026-11-25T00:00:00Z'),
  NetworkInterfaces: [{ Association: { IpOwnerId: 'amazon' } }],
  Tags: Tags({ 'haup-replica': at === 0 ? 'demo-master' : 'demo-master-abc', 'haup-role': 'master' }),
});

const group = (role: string) => ({
  GroupId: `sg-${role}`,
  GroupName: `haup-demo-${cluster.uid}-${role}`,
  Tags: Tags({ 'haup-role': role }),
  IpPermissions: [
    {
      IpProtocol: 'tcp',
      FromPort: 443,
      ToPort: 443,
      IpRanges: [{ CidrIp: '0.0.0.0/0', Description: 'haup: API from clients' }],
      UserIdGroupPairs: [{ GroupId: 'sg-masters', Description: 'haup: API between masters' }],
    },
  ],
});

const lb = `arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/net/demo-${cluster.uid}/1`;
const targets = `arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/demo-${cluster.uid}/1`;

export const trueAnswers: Readonly<Record<string, object>> = {
  'ec2:DescribeAddresses': {
    Addresses: [
      {
        AllocationId: 'eipalloc-1',
        AssociationId: 'eipassoc-1',
        PublicIp: '198.51.100.10',
        Tags: Tags({ 'haup-role': 'api' }),
      },
      {
        AllocationId: 'eipalloc-2',
        AssociationId: 'eipassoc-2',
        InstanceId: 'i-00',
        PublicIp: '203.0.113.0',
        Tags: Tags({ 'haup-role': 'management', 'haup-replica': 'demo-master' }),
      },
    ],
  },
  'ec2:DescribeAvailabilityZones': {
    AvailabilityZones: ['a', 'b', 'c'].map((one) => ({ ZoneName: `eu-west-1${one}`, State: 'available' })),
  },
  'ec2:DescribeInstances': { Reservations: [{ Instances: [instance(0)] }, { Instances: [instance(1)] }] },
  'ec2:DescribeSecurityGroups': { SecurityGroups: [group('masters'), group('balancer')] },
  'ec2:DescribeSubnets': {
    Subnets: ['a', 'b'].map((one) => ({
      SubnetId: `subnet-${one}`,
      VpcId: 'vpc-1',
      AvailabilityZone: `eu-west-1${one}`,
      AvailableIpAddressCount: 4000,
      DefaultForAz: true,
      MapPublicIpOnLaunch: true,
    })),
  },
  'elasticloadbalancing:DescribeLoadBalancers': {
    LoadBalancers: [
      {
        LoadBalancerArn: lb,
        LoadBalancerName: `demo-${cluster.uid}`,
        DNSName: `demo-${cluster.uid}.elb.eu-west-1.amazonaws.com`,
        State: { Code: 'active' },
        AvailabilityZones: [
          {
            ZoneName: 'eu-west-1a',
            SubnetId: 'subnet-a',
            LoadBalancerAddresses: [{ AllocationId: 'eipalloc-1' }],
          },
          { ZoneName: 'eu-west-1b', SubnetId: 'subnet-b', LoadBalancerAddresses: [{}] },
        ],
      },
    ],
  },
  'elasticloadbalancing:DescribeTargetGroups': {
    TargetGroups: [
      { TargetGroupArn: targets, TargetGroupName: `demo-${cluster.uid}`, LoadBalancerArns: [lb] },
    ],
  },
  'elasticloadbalancing:DescribeTargetHealth': {
    TargetHealthDescriptions: ['i-00', 'i-01'].map((Id) => ({
      Target: { Id, Port: 443 },
      TargetHealth: { State: 'healthy' },
    })),
  },
  'elasticloadbalancing:DescribeTags': {
    TagDescriptions: [lb, targets].map((ResourceArn) => ({ ResourceArn, Tags: Tags({}) })),
  },
};
