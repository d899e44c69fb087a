import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Provider } from '../../../src/providers/provider.ts';
import { commandsOf, isInstalled, shell, shownOf } from '../shared/foreign-client.ts';
import { type AwsCloud, openCloud } from './cloud.ts';
import { cluster, connect, Operator } from './harness.ts';
import { briskDelays } from './story.ts';

const replicas = ['demo-master', 'demo-master-abc', 'demo-master-def'];

let cloud: AwsCloud;
let provider: Provider;
let folder: string;
let env: Record<string, string>;

beforeAll(async () => {
  cloud = await openCloud({ delays: briskDelays });
  const identity = cluster(cloud);
  provider = connect(cloud, identity);
  const operator = new Operator(cloud, identity);
  await operator.create(provider);
  await operator.machine(provider, 'demo-master-abc', `${cloud.region}b`);
  await operator.machine(provider, 'demo-master-def', `${cloud.region}c`);
  await operator.promote(provider, replicas);
  folder = await mkdtemp(join(tmpdir(), 'haup-aws-'));
  env = {
    HOME: folder,
    AWS_ENDPOINT_URL: cloud.url,
    AWS_ACCESS_KEY_ID: cloud.accessKey,
    AWS_SECRET_ACCESS_KEY: 'secret-of-the-tests',
    AWS_DEFAULT_REGION: cloud.region, // what the CLI reads; the SDKs' AWS_REGION it does not
    AWS_PAGER: '',
    AWS_EC2_METADATA_DISABLED: 'true',
    // A version manager's shim looks for its own folder below HOME.
    ...(process.env.PYENV_ROOT ? { PYENV_ROOT: process.env.PYENV_ROOT } : {}),
  };
}, 120_000);

afterAll(async () => {
  await provider?.close();
  await cloud?.close();
  await rm(folder, { recursive: true, force: true });
});

interface Described {
  readonly Reservations: readonly {
    readonly Instances: readonly {
      readonly InstanceId: string;
      readonly State: { readonly Name: string };
      readonly Placement: { readonly AvailabilityZone: string };
      readonly PrivateIpAddress: string;
      readonly PublicIpAddress?: string;
      readonly Tags: readonly { readonly Key: string; readonly Value: string }[];
    }[];
  }[];
}

describe('the aws CLI', async () => {
  const there = await isInstalled('aws');
  const aws = test.skipIf(!there); // where it is missing, nothing can be said of it
  if (!there) console.log('the aws CLI is not installed: its commands of docs/aws.md are not run');

  const commands = commandsOf('aws.md', 'aws');
  /** What the command of docs/aws.md that begins so answers. */
  const json = async <T>(beginning: string): Promise<T> => {
    const command = commands.find((line) => line.startsWith(beginning));
    expect(command, `docs/aws.md has no ${beginning}`).toBeDefined();
    return JSON.parse(await shell(`${command} --output json`, env)) as T;
  };

  aws('runs every command of docs/aws.md', async () => {
    expect(commands.length).toBeGreaterThanOrEqual(5);
    for (const command of commands)
      expect(await shell(`${command} --output json`, env), command).toMatch(/demo|sg-/);
  });

  aws(
    'shows the machines that haup says there are, where it says, with the addresses that it says',
    async () => {
      const { Reservations } = await json<Described>('aws ec2 describe-instances');
      const shown = Reservations.flatMap(({ Instances }) => Instances).map((each) => ({
        name: each.Tags.find(({ Key }) => Key === 'haup-replica')?.Value,
        zone: each.Placement.AvailabilityZone,
        state: each.State.Name,
        internalIp: each.PrivateIpAddress,
        externalIp: each.PublicIpAddress ?? null,
      }));
      shown.sort((x, y) => (String(x.name) < String(y.name) ? -1 : 1));
      const machines = await provider.machines.list();
      expect(machines.map(({ name }) => name)).toEqual(replicas);
      expect(shown).toEqual(shownOf(machines));
    },
  );

  aws('shows the API address, and the balancer that haup says has it', async () => {
    const { ip, holder } = (await provider.address.read())!;
    expect(holder).toEqual({ kind: 'balancer' });
    const { Addresses } = await json<{ Addresses: { PublicIp: string }[] }>('aws ec2 describe-addresses');
    expect(Addresses.map(({ PublicIp }) => PublicIp)).toContain(ip);
    const { LoadBalancers } = await json<{
      LoadBalancers: {
        DNSName: string;
        AvailabilityZones: { LoadBalancerAddresses?: { IpAddress?: string }[] }[];
      }[];
    }>('aws elbv2 describe-load-balancers');
    const [balancer] = LoadBalancers;
    expect(balancer?.DNSName).toBe((await provider.balancer.read())?.dnsName);
    const addresses = balancer?.AvailabilityZones.flatMap((zone) => zone.LoadBalancerAddresses ?? []);
    expect(addresses?.map(({ IpAddress }) => IpAddress)).toContain(ip);
  });
});
