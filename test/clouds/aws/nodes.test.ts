import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ClusterIdentity, Provider } from '../../../src/providers/provider.ts';
import { Crash } from '../shared/faults.ts';
import { convergeInTheEnd, nodeLife, troubledCalls } from '../shared/node-life.ts';
import { convergeNodes, POD_RANGE, type WantedNode } from '../shared/nodes.ts';
import type { SimulatedRealizer } from '../shared/simulated.ts';
import { opens } from './admission.ts';
import { type AwsCloud, type CloudOptions, openCloud } from './cloud.ts';
import { cluster, connect, Operator, type ProcessOptions } from './harness.ts';
import { briskDelays } from './story.ts';
import { tagValue } from './world.ts';

const one: WantedNode = { name: 'demo-node-aaa', zone: 'eu-west-1a', pods: '10.64.0.0/24' };
const two: WantedNode = { name: 'demo-node-bbb', zone: 'eu-west-1b', pods: '10.64.1.0/24' };

let cloud: AwsCloud;
let identity: ClusterIdentity;
let provider: Provider;

async function begin(options: CloudOptions = {}): Promise<void> {
  cloud = await openCloud({ delays: briskDelays, ...options });
  identity = cluster(cloud);
  provider = open();
}
const open = (options: ProcessOptions = {}) => connect(cloud, identity, { podRange: POD_RANGE, ...options });
const led = () => (cloud.world.options.realizer as SimulatedRealizer).pods;
const to = (...nodes: readonly WantedNode[]) =>
  nodes.map(({ pods, name }) => ({ destination: pods, machine: name }));
const group = (role: string) =>
  [...cloud.world.groups.values()].find(
    (each) => tagValue(each, 'haup-role') === role && tagValue(each, 'haup-uid') === identity.uid,
  );
const settle = () => cloud.clock.sleep(60_000);

beforeEach(() => begin());
afterEach(async () => {
  await provider.close();
  await cloud.close();
});

describe('a node', () => {
  test('is in a group of its own, of a kind of its own, and has an id as the cloud’s controllers call it', async () => {
    provider = open({ settings: { nodeMachineType: 't4g.large', nodeDiskSizeGb: 100 } });
    await new Operator(cloud, identity).create(provider);
    await convergeNodes(provider, [one], '1');
    const { groups, type, volume, imageId, id } = cloud.instance(one.name);
    expect(groups).toEqual([group('nodes')!.id]);
    expect([type, volume.size, imageId]).toEqual(['t4g.large', 100, 'ami-0debian13arm']);
    expect(cloud.instance('demo-master')).toMatchObject({ type: 't3.medium', sourceDestCheck: true });
    expect(await provider.machines.providerId!(one.name)).toBe(`aws:///eu-west-1a/${id}`);
    await expect(provider.machines.providerId!('demo-none')).rejects.toMatchObject({ kind: 'not-found' });
  });

  test('is reached by nodes, pods, API servers and the operator’s SSH, and by nobody else; of masters it reaches the API', async () => {
    await new Operator(cloud, identity).create(provider);
    await convergeNodes(provider, [one], '1');
    const nodes = [group('nodes')!.id];
    const masters = [group('masters')!.id];
    const { world } = cloud;
    const may = (to: readonly string[], port: number, from: Parameters<typeof opens>[3]) =>
      opens(world, to, port, from);
    expect(may(nodes, 10_250, { groups: masters })).toBe(true);
    expect(may(nodes, 30_080, { groups: nodes })).toBe(true);
    expect(may(nodes, 8080, { source: '10.64.1.7' })).toBe(true);
    expect(may(nodes, 22, { source: '203.0.113.7' })).toBe(true);
    for (const port of [22, 443, 10_250, 30_080]) {
      expect([port, may(nodes, port, { source: '192.0.2.1' })]).toEqual([port, false]);
      expect([port, may(nodes, port, { source: '172.31.0.9' })]).toEqual([port, false]);
    }
    expect([443, 22, 2380, 10_250].map((port) => may(masters, port, { groups: nodes }))).toEqual([
      true,
      false,
      false,
      false,
    ]);
    // To the API address it comes with its public one, which --allow-from may not name.
    const { externalIp } = (await provider.machines.list()).find(({ name }) => name === one.name)!;
    expect(may(masters, 443, { source: externalIp! })).toBe(true);
    expect(may([group('balancer')!.id], 443, { source: externalIp! })).toBe(true);
    await provider.machines.delete(one.name);
    expect(await provider.network.ready()).toBe(false);
    await provider.network.ensure();
    await settle();
    expect(await provider.network.ready()).toBe(true);
    expect(may(masters, 443, { source: externalIp! })).toBe(false);
  });
});

describe('routes', () => {
  test('lead to their nodes’ pods, are mended, and go with the node', async () => {
    await provider.network.ensure();
    await convergeNodes(provider, [one, two], '1');
    expect(led()).toEqual({ [one.pods]: one.name, [two.pods]: two.name });
    cloud.world.tables.get('rtb-0default')!.routes = [];
    await convergeNodes(open(), [one, two], '1');
    expect(await provider.network.routes.list()).toEqual(to(one, two));
    await provider.machines.delete(one.name);
    expect(led()).toEqual({ [two.pods]: two.name });
    expect(await open().network.routes.list()).toEqual(to(two));
  });

  test('are in the table of each subnet', async () => {
    provider = open({ settings: { network: 'other' } });
    await provider.network.ensure();
    await convergeNodes(provider, [one], '1');
    const filled = () => [...cloud.world.tables.values()].filter(({ routes }) => routes.length > 0);
    expect(filled().map(({ id }) => id)).toEqual(['rtb-0publica', 'rtb-0publicb', 'rtb-0publicc']);
    filled()[1]!.routes = [];
    expect(await provider.network.routes.list()).toEqual([]);
    await provider.network.routes.ensure({ destination: one.pods, machine: one.name });
    expect(filled()).toHaveLength(3);
  });

  test('lead nowhere while the node drops what is not its own, is closed or stopped; the first two are mended', async () => {
    await provider.network.ensure();
    await convergeNodes(provider, [one], '1');
    const instance = cloud.instance(one.name);
    expect(instance.sourceDestCheck).toBe(false);
    instance.sourceDestCheck = true;
    expect(await provider.network.routes.list()).toEqual([]);
    await convergeNodes(open(), [one], '1');
    expect(led()).toEqual({ [one.pods]: one.name });
    await cloud.stop(one.name);
    await settle();
    expect(led()).toEqual({});
    expect(await provider.network.routes.list()).toEqual(to(one));
    group('nodes')!.rules = [];
    await provider.machines.start(one.name);
    expect(led()).toEqual({});
    await open().network.ensure();
    expect(led()).toEqual({ [one.pods]: one.name });
  });

  test('of others are left alone, and one that is in the way is a conflict', async () => {
    const other = { ...one, name: 'other-node' };
    const theirs = connect(cloud, cluster(cloud), { podRange: POD_RANGE });
    await theirs.network.ensure();
    await convergeNodes(theirs, [other], '1');
    await provider.network.ensure();
    await expect(convergeNodes(provider, [one], '1')).rejects.toMatchObject({
      kind: 'conflict',
      message: 'the route table rtb-0default leads 10.64.0.0/24 elsewhere',
    });
    await convergeNodes(provider, [{ ...one, pods: '10.64.2.0/24' }], '1');
    await new Operator(cloud, identity).delete(provider);
    expect(cloud.left(identity.uid)).toEqual([]);
    expect(led()).toEqual({ [one.pods]: other.name });
    // A stopped node's is a blackhole too, and somebody's.
    await cloud.stop(other.name);
    await settle();
    await beginAnother();
    await expect(convergeNodes(provider, [one], '1')).rejects.toMatchObject({ kind: 'conflict' });
    await theirs.close();
  });

  test('of others that lead nowhere any more are left alone, and are no conflict, where pods are in them', async () => {
    const table = cloud.world.tables.get('rtb-0default')!;
    const theirs = ['10.0.0.0/8', POD_RANGE].map((destination) => ({
      destination,
      interfaceId: 'eni-0ended',
      since: 0,
      goneAt: null,
    }));
    table.routes.push(...theirs);
    await provider.network.ensure();
    await convergeNodes(provider, [one, two], '1');
    expect(await provider.network.routes.list()).toEqual(to(one, two));
    await provider.machines.delete(one.name);
    await cloud.end(two.name);
    await new Operator(cloud, identity).delete(open());
    await settle();
    expect(table.routes.filter(({ goneAt }) => goneAt === null)).toEqual(theirs);
  });

  /** Another cluster in the same cloud. */
  async function beginAnother(): Promise<void> {
    await provider.close();
    identity = cluster(cloud);
    provider = open();
    await provider.network.ensure();
  }

  test('to an instance that somebody ended are not listed, lead elsewhere when that is wanted, and go with the cluster', async () => {
    await provider.network.ensure();
    await convergeNodes(provider, [one, two], '1');
    await cloud.end(one.name);
    await cloud.end(two.name);
    expect(await provider.network.routes.list()).toEqual([]);
    const third = { ...one, name: 'demo-node-ccc' };
    await convergeNodes(open(), [third], '2');
    expect(led()).toEqual({ [one.pods]: third.name });
    // What the loop does before it forgets a Node.
    await open().machines.delete(two.name);
    expect(cloud.left(identity.uid).filter((id) => id.startsWith('rtb'))).toEqual([
      `rtb-0default ${one.pods}`,
    ]);
    await cloud.end(third.name);
    await new Operator(cloud, identity).delete(open());
    expect(cloud.left(identity.uid)).toEqual([]);
  });

  test('beyond what a table holds are refused, and what to ask for is named', async () => {
    cloud.world.options.limits.routes = 1;
    await provider.network.ensure();
    await expect(convergeNodes(provider, [one, two], '1')).rejects.toMatchObject({
      kind: 'quota',
      advice: expect.stringContaining('L-93826ACB'),
    });
    expect(await provider.network.routes.list()).toEqual(to(one));
  });
});

describe('a process that dies, or whose answers are lost, at any call of a node’s life', () => {
  /** Of the pairs of a call and a trouble. */
  const count = process.env.HAUP_FULL_MATRIX ? undefined : 8;

  async function live(disturbed: Provider): Promise<void> {
    let current = disturbed;
    for (const [revision, nodes] of nodeLife(one, two)) {
      current = await convergeInTheEnd(current, open, nodes, revision);
      await settle();
      expect(led()).toEqual(Object.fromEntries(nodes.map(({ pods, name }) => [pods, name])));
    }
    await current.close();
    const last = open();
    await new Operator(cloud, identity).delete(last);
    await last.close();
    expect(cloud.left(identity.uid)).toEqual([]);
    expect(Object.values((cloud.world.options.realizer as SimulatedRealizer).made)).toEqual([1, 1, 1]);
  }

  test('leaves what is wanted, and nothing at the end', async () => {
    await cloud.close();
    await begin({ pageSize: 0 });
    await live(open());
    const calls = cloud.faults.calls.length;
    expect(calls).toBeGreaterThan(60);
    const troubles: readonly ((index: number) => Provider)[] = [
      (index) => open({ crash: new Crash(index, 'before') }),
      (index) => open({ crash: new Crash(index, 'after') }),
      (index) => {
        cloud.faults.add({ when: (call) => call.index === index, fault: { kind: 'lost-reply' } });
        return open();
      },
    ];
    for (const [index, trouble] of troubledCalls(calls, troubles, count)) {
      await cloud.close();
      await begin({ pageSize: 0 });
      await live(trouble(index)).catch((error) => {
        throw new Error(`at call ${index}: ${error.message}`, { cause: error });
      });
    }
  });
});
