import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Api, openApi } from '../../../src/providers/aws/api/api.ts';
import { type AwsCloud, openCloud } from './cloud.ts';
import { realisticDelays } from './world.ts';

/** The rules of the test cloud itself, each seen through the real SDK. Sources: CLOUDS.md and the cloud's own files. */

let cloud: AwsCloud;
let api: Api;

beforeEach(async () => {
  cloud = await openCloud();
  api = connect();
});

afterEach(async () => {
  api.close();
  await cloud.close();
});

function connect(region = cloud.region, accessKeyId = cloud.accessKey): Api {
  return openApi({
    region,
    clock: cloud.clock,
    signal: new AbortController().signal,
    around: (send) => cloud.clock.busy(send),
    client: { endpoint: cloud.url, credentials: { accessKeyId, secretAccessKey: 'x' } },
  });
}

const settle = () => cloud.clock.sleep(600_000);
const code = (call: Promise<unknown>) =>
  call.then(
    () => 'accepted',
    (error) => error.code as string,
  );

async function group(): Promise<string> {
  const made = await api.ec2('CreateSecurityGroup', {
    GroupName: `g${cloud.world.groups.size}`,
    Description: 'd',
    VpcId: 'vpc-0default',
  });
  await settle();
  return made.GroupId!;
}

async function launch(more: object = {}, sg?: string): Promise<string> {
  const made = await api.ec2('RunInstances', {
    MinCount: 1,
    MaxCount: 1,
    ImageId: 'ami-0debian13new',
    InstanceType: 't3.medium',
    NetworkInterfaces: [
      {
        DeviceIndex: 0,
        SubnetId: 'subnet-0defaulta',
        Groups: [sg ?? (await group())],
        AssociatePublicIpAddress: true,
      },
    ],
    ...more,
  });
  return made.Instances![0]!.InstanceId!;
}

async function running(): Promise<string> {
  const id = await launch();
  await settle();
  return id;
}

async function elasticIp(): Promise<string> {
  const { AllocationId } = await api.ec2('AllocateAddress', { Domain: 'vpc' });
  await settle();
  return AllocationId!;
}

async function balancer(SubnetMappings = [{ SubnetId: 'subnet-0defaulta' }]): Promise<string> {
  const made = await api.elb('CreateLoadBalancer', {
    Name: 'lb',
    Type: 'network',
    Scheme: 'internet-facing',
    SubnetMappings,
    SecurityGroups: [await group()],
  });
  return made.LoadBalancers![0]!.LoadBalancerArn!;
}

describe('requests', () => {
  test('a parameter that AWS does not have is refused', async () => {
    const wrong = { PublicIpPlease: true } as object;
    // The SDK drops what it does not know, so the request is written by hand.
    const scope = `${cloud.accessKey}/20260101/${cloud.region}/ec2/aws4_request`;
    const answer = await fetch(cloud.url, {
      method: 'POST',
      headers: { authorization: `AWS4-HMAC-SHA256 Credential=${scope}, Signature=0` },
      body: new URLSearchParams({ Action: 'DescribeInstances', Version: '2016-11-15', ...wrong } as never),
    });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain('<Code>UnknownParameter</Code>');
  });

  test('unknown filters, keys, regions and credentials are refused', async () => {
    const filter = { Filters: [{ Name: 'colour', Values: ['red'] }] };
    expect(await code(api.ec2('DescribeInstances', filter))).toBe('InvalidParameterValue');
    const foreign = connect('mars-north-1');
    expect(await code(foreign.ec2('DescribeInstances', {}))).toBe('SignatureDoesNotMatch');
    const expired = connect(cloud.region, 'EXPIRED');
    expect(await code(expired.ec2('DescribeInstances', {}))).toBe('RequestExpired');
    const stranger = connect(cloud.region, 'AKIANOBODY');
    expect(await code(stranger.ec2('DescribeInstances', {}))).toBe('AuthFailure');
  });

  test('listings come in pages', async () => {
    const first = await api.ec2('DescribeSubnets', {});
    expect(first.Subnets).toHaveLength(2);
    const second = await api.ec2('DescribeSubnets', { NextToken: first.NextToken! });
    expect(second.Subnets![0]!.SubnetId).not.toBe(first.Subnets![0]!.SubnetId);
  });
});

describe('instances', () => {
  test('a thing just made is unknown for a while, by id and by filter', async () => {
    const sg = await group();
    const id = await launch({}, sg);
    expect(await code(api.ec2('DescribeInstances', { InstanceIds: [id] }))).toBe(
      'InvalidInstanceID.NotFound',
    );
    expect((await api.ec2('DescribeInstances', {})).Reservations).toEqual([]);
    await cloud.clock.sleep(realisticDelays.consistency);
    const seen = await api.ec2('DescribeInstances', { InstanceIds: [id] });
    expect(seen.Reservations![0]!.Instances![0]!.State!.Name).toBe('pending');
  });

  test('pending, running, shutting-down, terminated', async () => {
    const id = await running();
    const state = async () =>
      (await api.ec2('DescribeInstances', { InstanceIds: [id] })).Reservations![0]!.Instances![0]!.State!
        .Name;
    expect(await state()).toBe('running');
    await api.ec2('TerminateInstances', { InstanceIds: [id] });
    expect(await state()).toBe('shutting-down');
    await settle();
    expect(await state()).toBe('terminated');
  });

  test('a client token gives the same instance, refuses another request, and outlives its instance', async () => {
    const sg = await group();
    const id = await launch({ ClientToken: 't' }, sg);
    expect(await launch({ ClientToken: 't' }, sg)).toBe(id);
    expect(await code(launch({ ClientToken: 't', UserData: 'eA==' }, sg))).toBe(
      'IdempotentParameterMismatch',
    );
    await settle();
    await api.ec2('TerminateInstances', { InstanceIds: [id] });
    await settle();
    expect(await code(launch({ ClientToken: 't' }, sg))).toBe('IdempotentInstanceTerminated');
  });

  test('user data over 16 KiB, another root device and another architecture are refused', async () => {
    const sg = await group();
    const UserData = Buffer.alloc(16 * 1024 + 1).toString('base64');
    expect(await code(launch({ UserData }, sg))).toBe('InvalidParameterValue');
    const BlockDeviceMappings = [{ DeviceName: '/dev/sda1', Ebs: { VolumeSize: 20 } }];
    expect(await code(launch({ BlockDeviceMappings }, sg))).toBe('InvalidBlockDeviceMapping');
    expect(await code(launch({ InstanceType: 't4g.medium' }, sg))).toBe('InvalidParameterValue');
  });

  test('a security group is in use until some time after its instance is gone', async () => {
    const sg = await group();
    const id = await launch({}, sg);
    await settle();
    await api.ec2('TerminateInstances', { InstanceIds: [id] });
    await cloud.clock.sleep(realisticDelays.shuttingDown + 1000);
    expect(await code(api.ec2('DeleteSecurityGroup', { GroupId: sg }))).toBe('DependencyViolation');
    await cloud.clock.sleep(realisticDelays.interfaceRelease);
    expect(await code(api.ec2('DeleteSecurityGroup', { GroupId: sg }))).toBe('accepted');
  });

  test('a rule that exists, or refers to a group that is to be deleted, is in the way', async () => {
    const [one, two] = [await group(), await group()];
    const IpPermissions = [
      { IpProtocol: 'tcp', FromPort: 1, ToPort: 1, UserIdGroupPairs: [{ GroupId: two }] },
    ];
    await api.ec2('AuthorizeSecurityGroupIngress', { GroupId: one, IpPermissions });
    const again = api.ec2('AuthorizeSecurityGroupIngress', { GroupId: one, IpPermissions });
    expect(await code(again)).toBe('InvalidPermission.Duplicate');
    expect(await code(api.ec2('DeleteSecurityGroup', { GroupId: two }))).toBe('DependencyViolation');
  });
});

describe('Elastic IPs', () => {
  test('one association each: it moves, and the one that the instance had is freed', async () => {
    const [a, b] = [await running(), await running()];
    const [one, two] = [await elasticIp(), await elasticIp()];
    await api.ec2('AssociateAddress', { AllocationId: one, InstanceId: a });
    await api.ec2('AssociateAddress', { AllocationId: one, InstanceId: b });
    await api.ec2('AssociateAddress', { AllocationId: two, InstanceId: b });
    await settle();
    const { Addresses } = await api.ec2('DescribeAddresses', {});
    expect(Addresses!.map((each) => each.InstanceId)).toEqual([undefined, b]);
    const kept = api.ec2('AssociateAddress', { AllocationId: two, InstanceId: a, AllowReassociation: false });
    expect(await code(kept)).toBe('Resource.AlreadyAssociated');
  });

  test('an instance gives its own address up for it, and is left with none', async () => {
    const id = await running();
    const one = await elasticIp();
    await api.ec2('AssociateAddress', { AllocationId: one, InstanceId: id });
    await settle();
    const { Addresses } = await api.ec2('DescribeAddresses', {});
    await api.ec2('DisassociateAddress', { AssociationId: Addresses![0]!.AssociationId! });
    await settle();
    const seen = await api.ec2('DescribeInstances', { InstanceIds: [id] });
    expect(seen.Reservations![0]!.Instances![0]!.PublicIpAddress).toBeUndefined();
  });

  test('the fifth is the last, and one in use is not released', async () => {
    const id = await running();
    const one = await elasticIp();
    await api.ec2('AssociateAddress', { AllocationId: one, InstanceId: id });
    expect(await code(api.ec2('ReleaseAddress', { AllocationId: one }))).toBe('InvalidIPAddress.InUse');
    for (let count = 1; count < 5; count++) await elasticIp();
    expect(await code(elasticIp())).toBe('AddressLimitExceeded');
  });
});

describe('network load balancers', () => {
  test('an Elastic IP in use is not taken', async () => {
    const id = await running();
    const one = await elasticIp();
    await api.ec2('AssociateAddress', { AllocationId: one, InstanceId: id });
    const taken = balancer([{ SubnetId: 'subnet-0defaulta', AllocationId: one } as never]);
    expect(await code(taken)).toMatch(/^ResourceInUse/);
  });

  test('one subnet a zone, with eight free addresses', async () => {
    const twice = [{ SubnetId: 'subnet-0defaulta' }, { SubnetId: 'subnet-0publica' }];
    expect(await code(balancer(twice))).toMatch(/^InvalidConfigurationRequest/);
    cloud.world.subnets.get('subnet-0defaultb')!.freeAddresses = 7;
    expect(await code(balancer([{ SubnetId: 'subnet-0defaultb' }]))).toMatch(/^InvalidSubnet/);
  });

  test('SetSubnets: what it does not name is removed, an enabled zone cannot change, none is not enough', async () => {
    const LoadBalancerArn = await balancer();
    await settle();
    const one = await elasticIp();
    const a = { SubnetId: 'subnet-0defaulta' };
    const set = (SubnetMappings: object[]) => api.elb('SetSubnets', { LoadBalancerArn, SubnetMappings });
    expect(await code(set([{ ...a, AllocationId: one }]))).toMatch(/^InvalidConfigurationRequest/);
    expect(await code(set([{ SubnetId: 'subnet-0publica' }]))).toMatch(/^InvalidConfigurationRequest/);
    expect(await code(set([]))).not.toBe('accepted');
    const added = await set([a, { SubnetId: 'subnet-0defaultb', AllocationId: one }]);
    expect(added.AvailabilityZones!.map((zone) => zone.ZoneName)).toEqual(['eu-west-1a', 'eu-west-1b']);
    await settle();
    const held = api.ec2('ReleaseAddress', { AllocationId: one });
    expect(await code(held)).toBe('AuthFailure');
    await set([a]);
    expect(await code(api.ec2('ReleaseAddress', { AllocationId: one }))).toBe('AuthFailure');
    await cloud.clock.sleep(realisticDelays.freeAddress);
    expect(await code(api.ec2('ReleaseAddress', { AllocationId: one }))).toBe('accepted');
  });

  test('made again with the same settings it is the same; with others its name is taken', async () => {
    const settings = { Name: 'x', Type: 'network', Scheme: 'internet-facing' } as const;
    const make = (SubnetId: string) =>
      api.elb('CreateLoadBalancer', { ...settings, SubnetMappings: [{ SubnetId }] });
    const first = await make('subnet-0defaulta');
    const second = await make('subnet-0defaulta');
    expect(second.LoadBalancers![0]!.LoadBalancerArn).toBe(first.LoadBalancers![0]!.LoadBalancerArn);
    expect(await code(make('subnet-0defaultb'))).toMatch(/^DuplicateLoadBalancerName/);
  });

  test('provisioning, then active; a target is initial, then healthy or not, and draining before it is gone', async () => {
    const LoadBalancerArn = await balancer();
    const id = await running();
    const made = await api.elb('CreateTargetGroup', {
      Name: 'g',
      Protocol: 'TCP',
      Port: 443,
      VpcId: 'vpc-0default',
      TargetType: 'instance',
    });
    const { TargetGroupArn } = made.TargetGroups![0]!;
    await settle();
    const DefaultActions = [{ Type: 'forward' as const, TargetGroupArn: TargetGroupArn! }];
    await api.elb('CreateListener', { LoadBalancerArn, Protocol: 'TCP', Port: 443, DefaultActions });
    await api.elb('RegisterTargets', { TargetGroupArn: TargetGroupArn!, Targets: [{ Id: id }] });
    const health = async () =>
      (
        await api.elb('DescribeTargetHealth', { TargetGroupArn: TargetGroupArn! })
      ).TargetHealthDescriptions!.map((each) => each.TargetHealth!.State);
    expect(await health()).toEqual(['initial']);
    await cloud.clock.sleep(realisticDelays.initial);
    expect(await health()).toEqual(['healthy']);
    await api.elb('DeregisterTargets', { TargetGroupArn: TargetGroupArn!, Targets: [{ Id: id }] });
    expect(await health()).toEqual(['draining']);
    expect(await code(api.elb('DeleteTargetGroup', { TargetGroupArn: TargetGroupArn! }))).toMatch(
      /^ResourceInUse/,
    );
    await settle();
    expect(await health()).toEqual([]);
  });
});
