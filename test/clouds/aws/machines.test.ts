import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openIn } from '../../../src/providers/aws/index.ts';
import { ProviderError } from '../../../src/providers/errors.ts';
import type { ClusterIdentity, Provider, ProviderSettings } from '../../../src/providers/provider.ts';
import { type AwsCloud, openCloud } from './cloud.ts';
import { bootScript, cluster, connect } from './harness.ts';
import { briskDelays } from './story.ts';

let cloud: AwsCloud;
let identity: ClusterIdentity;
const opened: Provider[] = [];

beforeEach(async () => {
  cloud = await openCloud({ delays: briskDelays });
  identity = cluster(cloud);
});

afterEach(async () => {
  for (const provider of opened.splice(0)) await provider.close();
  await cloud.close();
});

function provider(settings: ProviderSettings = {}, more: Partial<ClusterIdentity> = {}): Provider {
  const made = connect(cloud, { ...identity, ...more }, { settings });
  opened.push(made);
  return made;
}

async function machine(settings: ProviderSettings = {}, zone = `${cloud.region}a`) {
  const p = provider(settings);
  await p.network.ensure();
  await p.machines.create({ name: 'demo-master', zone, role: 'master', bootScript, requestToken: 't' });
  return cloud.instance('demo-master');
}

describe('a machine on AWS', () => {
  test('is the newest Debian of Debian’s own account, however others name theirs', async () => {
    expect((await machine()).imageId).toBe('ami-0debian13new');
  });

  test.each([
    [{ image: 'ami-0debian13old' }, 'ami-0debian13old'],
    [{ image: '099720109477/ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-*' }, 'ami-0ubuntu'],
    [{ machineType: 't4g.medium' }, 'ami-0debian13arm'],
  ])('with %o it is %s', async (settings, image) => {
    expect((await machine(settings)).imageId).toBe(image);
  });

  test('asks for metadata tokens over one hop, has an encrypted gp3 disk, and its tags are on all its parts', async () => {
    const made = await machine({ diskSizeGb: 33 });
    expect(made.imds).toEqual({ tokens: 'required', hops: 1 });
    expect(made.volume).toMatchObject({ encrypted: true, type: 'gp3', size: 33 });
    expect(made.userData).toBe(bootScript);
    for (const tags of [made.tags, made.volume.tags, made.interfaceTags]) {
      expect(tags).toContainEqual({ Key: 'haup-uid', Value: identity.uid });
      expect(tags).toContainEqual({ Key: 'haup-replica', Value: 'demo-master' });
      expect(tags).toContainEqual({ Key: 'haup-role', Value: 'master' });
    }
  });

  test('has another type of disk if that is asked for, encrypted all the same', async () => {
    expect((await machine({ diskType: 'io2' })).volume).toMatchObject({ encrypted: true, type: 'io2' });
  });

  test.each<[string, ProviderSettings, string]>([
    ['the default network’s subnet of the zone', {}, 'subnet-0defaulta'],
    ['another network’s public one', { network: 'other' }, 'subnet-0publica'],
    ['the same by the network’s id', { network: 'vpc-0other' }, 'subnet-0publica'],
    ['one that is named', { subnets: ['private-a', 'private-b'] }, 'subnet-0privatea'],
    ['one by its id', { subnets: ['subnet-0privatea'] }, 'subnet-0privatea'],
  ])('stands in %s', async (_, settings, subnet) => {
    expect((await machine(settings)).subnet.id).toBe(subnet);
  });

  test.each<[string, ProviderSettings, string, RegExp]>([
    ['two subnets of a zone', { subnets: ['public-a', 'subnet-0privatea'] }, 'accepted', /./],
    ['subnets of two networks', { subnets: ['subnet-0defaulta', 'public-b'] }, 'invalid', /several networks/],
    ['a subnet that is not there', { subnets: ['nowhere'] }, 'not-found', /nowhere/],
    ['a network that is not there', { network: 'nowhere' }, 'not-found', /nowhere/],
    ['no subnet for the zone', { subnets: ['public-b'] }, 'invalid', /eu-west-1a/],
    ['an image that is not there', { image: '136693071363/windows-*' }, 'not-found', /windows/],
    ['an image without an owner', { image: 'debian' }, 'invalid', /owner/],
    ['an unknown machine type', { machineType: 'z9.huge' }, 'invalid', /z9\.huge/],
    ['CIDRs that are none', { allowFrom: ['everywhere'] }, 'invalid', /everywhere/],
    ['a project', { project: 'p' }, 'invalid', /project/],
  ])('with %s: %s', async (_, settings, kind, words) => {
    const error = await Promise.resolve()
      .then(() => machine(settings))
      .then(
        () => ({ kind: 'accepted', message: 'accepted' }),
        (reason) => reason,
      );
    expect(error.kind).toBe(kind);
    expect(`${error.message} ${error.advice}`).toMatch(words);
  });

  test('a boot script over 16 KiB is refused before it is sent', async () => {
    const p = provider();
    await p.network.ensure();
    const long = `#!/bin/sh\n${'#'.repeat(17_000)}`;
    const request = {
      name: 'x',
      zone: `${cloud.region}a`,
      role: 'master',
      bootScript: long,
      requestToken: 't',
    } as const;
    await expect(p.machines.create(request)).rejects.toMatchObject({ kind: 'invalid' });
  });

  test('a retry with another boot script finds the machine that the first one made', async () => {
    const p = provider();
    await p.network.ensure();
    const request = {
      name: 'demo-master',
      zone: `${cloud.region}a`,
      role: 'master',
      bootScript,
      requestToken: 't',
    } as const;
    cloud.faults.add({ when: (call) => call.method === 'ec2:RunInstances', fault: { kind: 'lost-reply' } });
    const other = { ...request, bootScript: '#!/bin/sh\nfalse\n' };
    await Promise.all([
      p.machines.create(request),
      cloud.clock.sleep(1).then(() => provider().machines.create(other)),
    ]);
    expect(await p.machines.list()).toHaveLength(1);
  });

  test('that was stopped is listed as stopped, out of reach, and starts again', async () => {
    await machine();
    const p = provider();
    await cloud.stop('demo-master');
    expect(await p.machines.list()).toMatchObject([{ state: 'stopped', sshHost: null }]);
    const started = await p.machines.start('demo-master');
    expect(started).toMatchObject({ state: 'running' });
    expect(started.sshHost).not.toBeNull();
  });

  test.each(['stopping', 'pending'] as const)(
    'that stays %s is stopped to a look, which waits for that once, and hides no other; only a start waits longer',
    async (state) => {
      await machine();
      const p = provider();
      const zone = `${cloud.region}b`;
      await p.machines.create({ name: 'demo-two', zone, role: 'master', bootScript, requestToken: 't2' });
      const listed = async () => (await p.machines.list()).map((each) => `${each.name} ${each.state}`);
      const two = cloud.instance('demo-two');
      two.state = state;
      const began = cloud.clock.now();
      expect(await listed()).toEqual(['demo-master running', 'demo-two stopped']);
      expect(cloud.clock.now() - began).toBeLessThanOrEqual(40_000);
      const again = cloud.clock.now();
      expect(await listed()).toEqual(['demo-master running', 'demo-two stopped']);
      expect(cloud.clock.now()).toBe(again);
      cloud.clock.after(120_000, () => {
        two.state = state === 'stopping' ? 'stopped' : 'running';
      });
      expect(await p.machines.start('demo-two')).toMatchObject({ state: 'running' });
      expect(await listed()).toEqual(['demo-master running', 'demo-two running']);
    },
  );

  test('whose start EC2 does not show yet has not failed; one that stops again has, and one that never begins', async () => {
    const made = await machine();
    const p = provider();
    const start = () => p.machines.start('demo-master');
    await p.machines.stop!('demo-master');
    expect(await start()).toMatchObject({ state: 'running' });
    const stopsAfter = (ms: number) =>
      cloud.clock.after(ms, () => {
        made.state = 'stopped';
      });
    await p.machines.stop!('demo-master');
    stopsAfter(3_500);
    const began = cloud.clock.now();
    await expect(start()).rejects.toThrow('demo-master did not start');
    expect(cloud.clock.now() - began).toBeLessThan(10_000);
    stopsAfter(1_000); // EC2 has shown nothing else all the while
    await expect(start()).rejects.toThrow('demo-master did not start');
    expect(cloud.clock.now() - began).toBeGreaterThan(30_000);
  });

  test('that is stopped for a drill has stopped when that ends, without a word to its system; twice is no error', async () => {
    await machine();
    const p = provider();
    await p.machines.stop!('demo-master');
    expect(await p.machines.list()).toMatchObject([{ state: 'stopped', sshHost: null }]);
    await p.machines.stop!('demo-master');
    await expect(p.machines.stop!('demo-master-zzz')).rejects.toMatchObject({ kind: 'not-found' });
    expect(await p.machines.start('demo-master')).toMatchObject({ state: 'running' });
  });

  test('that is reset for a drill keeps its addresses; one that does not run cannot be', async () => {
    await machine();
    const p = provider();
    const before = await p.machines.list();
    await p.machines.reset!('demo-master');
    expect(await p.machines.list()).toEqual(before);
    await expect(p.machines.reset!('demo-master-zzz')).rejects.toMatchObject({ kind: 'not-found' });
    await p.machines.stop!('demo-master');
    await expect(p.machines.reset!('demo-master')).rejects.toMatchObject({ kind: 'conflict' });
  });
});

describe('before anything is made', () => {
  test('expired credentials are told apart, with what to do', async () => {
    const p = connect(cloud, identity, { accessKey: 'EXPIRED' });
    opened.push(p);
    const error = await p.preflight().catch((reason) => reason);
    expect(error).toMatchObject({ kind: 'preflight' });
    expect(error.advice).toMatch(/log in again/);
  });

  test('so are a region and a zone that do not exist', async () => {
    const region = provider({}, { region: 'mars-north-1', zone: 'mars-north-1a' });
    await expect(region.zones()).rejects.toMatchObject({ kind: 'not-found' });
    const zone = provider({}, { zone: `${cloud.region}z` });
    await expect(zone.preflight()).rejects.toMatchObject({ kind: 'not-found' });
  });

  test('the zones are those that can hold a balancer, in order', async () => {
    expect(await provider().zones()).toEqual(['eu-west-1a', 'eu-west-1b', 'eu-west-1c']);
  });
});

test('SSH is open to the address that this host has now, and follows it', async () => {
  const at = (address: string | Error) => {
    const made = openIn(
      {
        cluster: identity,
        settings: {},
        signal: new AbortController().signal,
        progress: () => {},
        binariesFolder: '/nonexistent',
        cacheFolder: '/nonexistent',
        environment: {},
      },
      {
        clock: cloud.clock,
        around: (send) => cloud.clock.busy(send),
        operatorAddress: async () => {
          if (address instanceof Error) throw address;
          return address;
        },
        client: { endpoint: cloud.url, credentials: { accessKeyId: cloud.accessKey, secretAccessKey: 'x' } },
      },
    );
    opened.push(made);
    return made;
  };
  const ssh = () =>
    [...cloud.world.groups.values()]
      .flatMap((group) => group.rules)
      .filter((rule) => rule.FromPort === 22)
      .map((rule) => rule.IpRanges![0]!.CidrIp);
  await at('203.0.113.1/32').network.ensure();
  expect(ssh()).toEqual(['203.0.113.1/32']);
  const moved = at('203.0.113.2/32');
  expect(await moved.network.ready()).toBe(false);
  await moved.network.ensure();
  expect(ssh()).toEqual(['203.0.113.2/32']);
  expect(await moved.network.ready()).toBe(true);
  // Where nobody can tell the address, looking still works, and changing says what is missing.
  const lost = at(new ProviderError('preflight', 'not known'));
  expect(await lost.network.ready()).toBe(true);
  await expect(lost.network.ensure()).rejects.toMatchObject({ kind: 'preflight' });
});

test('ranges that are one to EC2 are let in once', async () => {
  const p = provider({
    allowFrom: ['198.51.100.7/24', '198.51.100.0/24', '2001:db8::1/64', '2001:db8:0:0:1::/64'],
    sshFrom: ['203.0.113.7', '203.0.113.7/32'],
  });
  await p.network.ensure();
  expect(await p.network.ready()).toBe(true);
  cloud.faults.calls.length = 0;
  await p.network.ensure();
  expect(cloud.faults.calls.filter(({ method }) => /Ingress/.test(method))).toEqual([]);
});

test('a rule that someone else has added is left alone', async () => {
  const p = provider();
  await p.network.ensure();
  const [group] = cloud.world.groups.values();
  const theirs = { IpProtocol: 'tcp', FromPort: 9100, ToPort: 9100, IpRanges: [{ CidrIp: '10.0.0.0/8' }] };
  group!.rules.push(theirs);
  expect(await p.network.ready()).toBe(true);
  await p.network.ensure();
  expect(group!.rules).toContainEqual(theirs);
});
