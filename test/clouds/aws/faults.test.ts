import { beforeAll, describe, expect, test } from 'vitest';
import { Crash, type Fault } from '../shared/faults.ts';
import type { AwsCloud } from './cloud.ts';
import { openCloud } from './cloud.ts';
import { bootScript, cluster, connect, Operator } from './harness.ts';
import { briskDelays, end, type Telling, tell } from './story.ts';
import { otherReadings } from './world.ts';

const full = process.env.HAUP_FULL_MATRIX === '1';

interface Place {
  readonly index: number;
  readonly method: string;
}

/** Every call; by default one in four of those that change something, and of the first two looks of each kind. */
let places: readonly Place[] = [];
let calls = 0;

beforeAll(async () => {
  const plain = await tell(() => undefined);
  calls = plain.cloud.faults.calls.length;
  const count: Record<string, number> = {};
  places = plain.cloud.faults.calls
    .map(({ index, method }) => ({ index, method }))
    .filter(({ method }) => {
      count[method] = (count[method] ?? 0) + 1;
      return full || count[method] <= (method.includes(':Describe') ? 2 : 12);
    })
    .filter((_, position) => full || position % 4 === 0);
  expect(plain.seen).toEqual([]);
  await end(plain);
});

type Disturb = (place: Place) => (cloud: AwsCloud) => { crash?: Crash } | undefined;

const fault =
  (what: Fault, times = 1): Disturb =>
  ({ index, method }) =>
  (cloud) => {
    // The retries of that call, too.
    cloud.faults.add({ when: (call) => call.index >= index && call.method === method, fault: what, times });
    return undefined;
  };

const kinds: Record<string, Disturb> = {
  'the connection is cut before the call': fault({ kind: 'cut' }),
  'the answer is lost': fault({ kind: 'lost-reply' }),
  'AWS throttles it four times': fault(
    { kind: 'refuse', status: 503, code: 'RequestLimitExceeded', message: 'Request limit exceeded.' },
    4,
  ),
  'AWS fails four times': fault(
    { kind: 'refuse', status: 500, code: 'InternalError', message: 'An internal error has occurred' },
    4,
  ),
  'it takes half a minute': fault({ kind: 'slow', ms: 30_000 }),
  'haup dies before it':
    ({ index }) =>
    () => ({ crash: new Crash(index, 'before') }),
  'haup dies after it':
    ({ index }) =>
    () => ({ crash: new Crash(index, 'after') }),
};

describe('at any call of a cluster’s life', () => {
  test.each(Object.keys(kinds))(
    '%s: it converges, nothing is made twice, nothing is left',
    async (kind) => {
      const failures: string[] = [];
      process.stdout.write(`figure: AWS faults: ${kind}: at ${places.length} calls of ${calls}\n`);
      for (const place of places) {
        let told: Telling | undefined;
        try {
          told = await tell(kinds[kind]!(place), place.index % 2 ? { readings: otherReadings } : {});
          for (const { chapter, error } of told.seen)
            if (error.kind !== 'transient')
              failures.push(`${place.index} ${place.method}: ${chapter}: ${error.message}`);
        } catch (error) {
          failures.push(
            `${place.index} ${place.method}: ${(error as Error).message} ${(error as Error).cause ?? ''}`,
          );
        }
        if (told) await end(told);
      }
      expect(failures).toEqual([]);
    },
    900_000,
  );
});

test.each(['lost-reply', 'cut'] as const)(
  'AllocateAddress, which takes no token, with a %s reserves one address',
  async (kind) => {
    const cloud = await openCloud({ delays: briskDelays });
    const provider = connect(cloud, cluster(cloud));
    cloud.faults.add({ when: (call) => call.method === 'ec2:AllocateAddress', fault: { kind } });
    const { ip } = await provider.address.reserve();
    expect([...cloud.world.addresses.values()].map((one) => one.ip)).toEqual([ip]);
    await provider.close();
    await cloud.close();
  },
);

describe('what AWS refuses for good', () => {
  async function refused(code: string, method: string, status = 400) {
    const cloud = await openCloud({ delays: briskDelays });
    const identity = cluster(cloud);
    const provider = connect(cloud, identity);
    const operator = new Operator(cloud, identity);
    const rule = {
      when: (call: { method: string }) => call.method === method,
      fault: { kind: 'refuse' as const, status, code, message: 'in the words of AWS' },
      times: 1000,
    };
    cloud.faults.add(rule);
    const error = await operator.create(provider).then(
      () => null,
      (reason) => reason,
    );
    cloud.faults.clear();
    operator.attempt++;
    await operator.create(provider);
    expect((await provider.address.read())!.holder).toEqual({ kind: 'machine', name: 'demo-master' });
    await operator.delete(provider);
    expect(cloud.left(identity.uid)).toEqual([]);
    await provider.close();
    await cloud.close();
    return error;
  }

  test.each([
    ['InsufficientInstanceCapacity', 'ec2:RunInstances', 500, 'quota', /zone/],
    ['VcpuLimitExceeded', 'ec2:RunInstances', 400, 'quota', /Service Quotas/],
    ['Unsupported', 'ec2:RunInstances', 400, 'quota', /machineType/],
    ['AddressLimitExceeded', 'ec2:AllocateAddress', 400, 'quota', /Elastic IP/],
    ['SecurityGroupLimitExceeded', 'ec2:CreateSecurityGroup', 400, 'quota', /Service Quotas/],
    ['UnauthorizedOperation', 'ec2:DescribeImages', 403, 'denied', /ec2:DescribeImages/],
    ['ExpiredToken', 'ec2:DescribeSubnets', 400, 'denied', /log in/],
    ['OptInRequired', 'ec2:RunInstances', 403, 'denied', /region/],
  ] as const)(
    '%s comes out with advice, and the next attempt succeeds',
    async (code, method, status, kind, advice) => {
      const error = await refused(code, method, status);
      expect(error).toMatchObject({ kind });
      expect(error.message).toContain('in the words of AWS');
      expect(JSON.stringify(error.remedies)).toMatch(advice);
    },
  );

  test.each([
    ['Server.InsufficientInstanceCapacity', 'quota', /another zone/],
    ['Client.InternalError', 'denied', /KMS key/],
    ['Server.InternalError', 'transient', null],
  ] as const)(
    'an instance that ends instead of running (%s) says why, and the next attempt makes one',
    async (code, kind, advice) => {
      const cloud = await openCloud({ delays: briskDelays });
      const identity = cluster(cloud);
      const provider = connect(cloud, identity);
      await provider.network.ensure();
      cloud.faults.add({
        when: (call) => call.method === 'ec2:RunInstances',
        fault: { kind: 'fail-later', code, message: 'in the words of AWS' },
      });
      const request = {
        name: 'demo-master',
        zone: 'eu-west-1a',
        role: 'master',
        bootScript,
        requestToken: 'the same',
      } as const;
      await expect(provider.machines.create(request)).rejects.toMatchObject({
        kind,
        message: `demo-master did not start: in the words of AWS (${code})`,
        advice: advice && expect.stringMatching(advice),
      });
      // With the same token, as after a crash: EC2 remembers it, and the provider goes on to the next.
      expect(await provider.machines.create(request)).toMatchObject({
        name: 'demo-master',
        state: 'running',
      });
      expect(await provider.machines.list()).toHaveLength(1);
      await provider.close();
      await cloud.close();
    },
  );

  test('a load balancer that fails to be set up is made anew', async () => {
    const told = await tell((cloud) => {
      cloud.faults.add({
        when: (call) => call.method === 'elasticloadbalancing:CreateLoadBalancer',
        fault: { kind: 'fail-later', code: 'failed', message: 'could not be set up' },
      });
      return undefined;
    });
    expect(told.seen.map(({ error }) => error.message)).toEqual([
      expect.stringContaining('could not be set up'),
    ]);
    await end(told);
  });
});

describe('what others delete behind haup’s back', () => {
  async function grown() {
    const cloud = await openCloud({ delays: briskDelays });
    const identity = cluster(cloud);
    const provider = connect(cloud, identity);
    const operator = new Operator(cloud, identity);
    await operator.create(provider);
    await operator.machine(provider, 'demo-master-two', `${cloud.region}b`);
    await operator.promote(provider, ['demo-master', 'demo-master-two']);
    return { cloud, identity, provider, operator };
  }

  test.each<[string, (cloud: AwsCloud) => Promise<void>]>([
    ['a machine', (cloud) => cloud.end('demo-master-two')],
    ['the load balancer', async (cloud) => dropBalancer(cloud)],
    ['the listener', async ({ world }) => world.listeners.clear()],
    [
      'the target group',
      async ({ world }) => {
        world.listeners.clear();
        world.targetGroups.clear();
      },
    ],
    [
      'a rule of a security group',
      async ({ world }) => {
        for (const group of world.groups.values()) group.rules = group.rules.slice(1);
      },
    ],
    [
      'a management address',
      async ({ world }) => {
        for (const [id, one] of world.addresses)
          if (one.association?.instanceId) {
            await world.options.realizer.route(one.ip, null);
            world.addresses.delete(id);
            world.options.realizer.freeAddress(one.ip);
          }
      },
    ],
    [
      'everything',
      async (cloud) => {
        await dropBalancer(cloud);
        cloud.world.targetGroups.clear();
        await cloud.end('demo-master');
        await cloud.end('demo-master-two');
        cloud.world.addresses.clear();
        cloud.world.groups.clear();
      },
    ],
  ])('%s: it is made again where it is wanted', async (_, destroy) => {
    const { cloud, identity, provider, operator } = await grown();
    await destroy(cloud);
    await cloud.clock.sleep(60_000);
    operator.attempt++;
    if (!(await provider.network.ready())) await provider.network.ensure();
    await provider.address.reserve();
    await operator.machine(provider, 'demo-master', `${cloud.region}a`);
    await operator.machine(provider, 'demo-master-two', `${cloud.region}b`);
    await operator.promote(provider, ['demo-master', 'demo-master-two']);
    expect((await provider.address.read())!.holder).toEqual({ kind: 'balancer' });
    expect((await provider.machines.list()).map((machine) => machine.sshHost)).not.toContain(null);
    expect(await provider.network.ready()).toBe(true);
    await operator.delete(provider);
    expect(cloud.left(identity.uid)).toEqual([]);
    await provider.close();
    await cloud.close();
  });

  test('deletion of a half-deleted cluster removes the rest, and nothing of a cluster with the same beginning', async () => {
    const { cloud, identity, provider, operator } = await grown();
    const neighbour = cluster(cloud, { name: 'demo-master' });
    const other = connect(cloud, neighbour);
    const its = new Operator(cloud, neighbour);
    await other.network.ensure();
    await other.address.reserve();
    await other.machines.create({
      name: 'demo-master-2',
      zone: 'eu-west-1a',
      role: 'master',
      bootScript,
      requestToken: 'other',
    });
    const before = cloud.left(neighbour.uid);
    await cloud.end('demo-master');
    await operator.delete(provider);
    expect(cloud.left(identity.uid)).toEqual([]);
    expect(cloud.left(neighbour.uid)).toEqual(before);
    await its.delete(other);
    expect(cloud.left(neighbour.uid)).toEqual([]);
    await Promise.all([provider.close(), other.close()]);
    await cloud.close();
  });

  test('delete and create of the same name within a minute', async () => {
    const cloud = await openCloud({ delays: briskDelays });
    for (let round = 0; round < 3; round++) {
      const identity = cluster(cloud, { uid: `0123456789abcde${round}` });
      const provider = connect(cloud, identity);
      const operator = new Operator(cloud, identity);
      await operator.create(provider);
      expect((await provider.machines.list()).map((machine) => machine.name)).toEqual(['demo-master']);
      await operator.delete(provider);
      expect(cloud.left(identity.uid)).toEqual([]);
      await provider.close();
    }
    await cloud.close();
  });
});

async function dropBalancer({ world }: AwsCloud): Promise<void> {
  world.listeners.clear();
  for (const balancer of world.balancers.values())
    for (const node of balancer.nodes) {
      await world.options.realizer.route(node.ip, null);
      const address = world.addresses.get(node.allocationId ?? '');
      if (address) address.association = null;
    }
  world.balancers.clear();
}
