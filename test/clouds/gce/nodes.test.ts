import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Provider } from '../../../src/providers/provider.ts';
import { Crash } from '../shared/faults.ts';
import { convergeInTheEnd, nodeLife, troubledCalls } from '../shared/node-life.ts';
import { convergeNodes, POD_RANGE, type WantedNode } from '../shared/nodes.ts';
import { converge, want } from '../shared/story.ts';
import { admits, type Packet } from './firewall.ts';
import { clusterNamed, type Harness, type OpenOptions, startGce, ZONES } from './harness.ts';
import { behindItsBack } from './instances.ts';
import { unusual } from './rules.ts';

const [b, c] = ZONES;
const one: WantedNode = { name: 'demo-node-aaa', zone: b, pods: '10.64.0.0/24' };
const two: WantedNode = { name: 'demo-node-bbb', zone: c, pods: '10.64.1.0/24' };
const master = 'demo-01234567';
const node = 'demo-01234567-nodes';

let gce: Harness;
let provider: Provider;
const open = (options: OpenOptions = {}) => gce.open({ podRange: POD_RANGE, ...options });
const led = () => gce.realizer.pods;
const messageOf = (name: string) => behindItsBack.find(gce.cloud, name).message;
const to = (...nodes: readonly WantedNode[]) =>
  nodes.map(({ pods, name }) => ({ destination: pods, machine: name }));
const pathsOf = (kind: string) => gce.cloud.store.all(kind).map(({ path }) => path);

beforeAll(async () => {
  gce = await startGce();
});
beforeEach(() => {
  gce.reset();
  provider = open();
});
afterAll(() => gce.close());

describe('a node', () => {
  it('forwards packets, has a tag and a kind of its own, and an id as the cloud’s controllers call it', async () => {
    const settings = { nodeMachineType: 'e2-standard-8', nodeDiskSizeGb: 100 };
    provider = open({ settings });
    await converge(provider, want(1, `demo-master@${b}`));
    await convergeNodes(provider, [one], '1');
    expect(messageOf(one.name)).toMatchObject({ canIpForward: true, tags: { items: [node] } });
    expect(String(messageOf(one.name).machineType)).toMatch(/e2-standard-8$/);
    expect(gce.cloud.store.get(`zones/${b}/disks/${one.name}`).message.sizeGb).toBe('100');
    expect(messageOf('demo-master')).toMatchObject({ canIpForward: false, tags: { items: [master] } });
    expect(await provider.machines.providerId!(one.name)).toBe(`gce://haup-test/${b}/${one.name}`);
    await expect(provider.machines.providerId!('demo-none')).rejects.toMatchObject({ kind: 'not-found' });
  });
});

describe('the network', () => {
  /** Packets to machines with a tag: who may, and who may not. */
  const can = (tag: string) => (packet: Packet) => admits(gce.cloud, 'default', [tag], packet);
  const tcp = (port: number, from: string, more: Partial<Packet> = {}): Packet => ({
    protocol: 'tcp',
    port,
    from,
    ...more,
  });
  const [fromMaster, fromNode] = [{ tags: [master] }, { tags: [node] }];

  it('lets nodes be reached by each other, by pods, by API servers and by the operator’s SSH, and by nobody else', async () => {
    await provider.network.ensure();
    await convergeNodes(provider, [one], '1');
    const inside: Packet[] = [
      tcp(22, '198.51.100.7'),
      tcp(10_250, '10.132.0.2', fromMaster),
      tcp(8443, '10.132.0.2', { ...fromMaster, to: '10.64.0.9' }),
      tcp(30_080, '10.132.0.3', fromNode),
      tcp(8080, '10.64.1.7', { to: '10.64.0.9' }),
      { protocol: 'udp', port: 53, from: '10.64.1.7', to: '10.64.0.9' },
      { protocol: 'icmp', from: '10.64.1.7', to: '10.64.0.9' },
    ];
    expect(inside.filter((packet) => !can(node)(packet))).toEqual([]);
    const outside: Packet[] = [
      tcp(22, '192.0.2.1'),
      tcp(10_250, '192.0.2.1'),
      tcp(10_250, '10.132.0.99'),
      tcp(30_080, '192.0.2.1'),
      tcp(8080, '10.132.0.99', { to: '10.64.0.9' }),
      tcp(2380, '10.132.0.2', fromMaster),
      { protocol: 'icmp', from: '192.0.2.1' },
    ];
    expect(outside.filter(can(node))).toEqual([]);
  });

  it('lets nodes reach the API alone of masters, at their own and at the API address, whoever else may', async () => {
    const closed = () => open({ settings: { allowFrom: ['203.0.113.0/24'] } });
    provider = closed();
    await provider.network.ensure();
    await convergeNodes(provider, [one], '1');
    const { externalIp } = (await provider.machines.list())[0]!;
    expect(can(master)(tcp(443, '10.132.0.3', fromNode))).toBe(true);
    expect(can(master)(tcp(443, externalIp!))).toBe(true);
    expect(can(master)(tcp(443, '192.0.2.1'))).toBe(false);
    for (const port of [22, 2380, 10_250]) expect(can(master)(tcp(port, '10.132.0.3', fromNode))).toBe(false);
    // A stopped node's address may be somebody else's next, and its own is another one when it is back.
    await behindItsBack.stop(gce.cloud, one.name);
    expect(await closed().network.ready()).toBe(false);
    await closed().network.ensure();
    expect(can(master)(tcp(443, externalIp!))).toBe(false);
    await provider.machines.start(one.name);
    expect(await provider.network.ready()).toBe(false);
    await provider.network.ensure();
    const { externalIp: another } = (await provider.machines.list())[0]!;
    expect(another).not.toBe(externalIp);
    expect([externalIp, another].map((ip) => can(master)(tcp(443, ip!)))).toEqual([false, true]);
    await provider.machines.delete(one.name);
    expect(await provider.network.ready()).toBe(false);
    await provider.network.ensure();
    expect(can(master)(tcp(443, another!))).toBe(false);
    expect(await provider.network.ready()).toBe(true);
  });

  it('has nothing of nodes in it before there is one, and is not ready when any of it is missing', async () => {
    await converge(provider, want(1, `demo-master@${b}`));
    const before = pathsOf('firewalls');
    await convergeNodes(provider, [one], '1');
    const added = pathsOf('firewalls').filter((path) => !before.includes(path));
    expect(added.map((path) => path.replace(/.*demo-01234567-/, ''))).toEqual([
      'kubelets',
      'node-api',
      'pods',
      'to-pods',
    ]);
    for (const path of pathsOf('firewalls')) {
      gce.cloud.store.remove(path);
      expect([path, await open().network.ready()]).toEqual([path, false]);
      await open().network.ensure();
      expect([path, await open().network.ready()]).toEqual([path, true]);
    }
  });
});

describe('routes', () => {
  it('lead to their nodes’ pods, are mended, and go with the node', async () => {
    await provider.network.ensure();
    await convergeNodes(provider, [one, two], '1');
    expect(led()).toEqual({ [one.pods]: one.name, [two.pods]: two.name });
    expect(await open().network.routes.list()).toEqual(to(one, two));
    gce.cloud.store.remove(pathsOf('routes')[0]!);
    await convergeNodes(open(), [one, two], '1');
    expect(await provider.network.routes.list()).toEqual(to(one, two));
    await provider.machines.delete(one.name);
    expect(led()).toEqual({ [two.pods]: two.name });
    expect(pathsOf('routes')).toHaveLength(1);
  });

  it('lead nowhere without forwarding, without the firewall, and while the node is stopped', async () => {
    await provider.network.ensure();
    await convergeNodes(provider, [one], '1');
    await behindItsBack.stop(gce.cloud, one.name);
    expect(led()).toEqual({});
    expect(await provider.network.routes.list()).toEqual(to(one));
    messageOf(one.name).canIpForward = false;
    await provider.machines.start(one.name);
    expect(led()).toEqual({});
    messageOf(one.name).canIpForward = true;
    await behindItsBack.stop(gce.cloud, one.name);
    gce.cloud.store.remove(`global/firewalls/${master}-pods`);
    await provider.machines.start(one.name);
    expect(led()).toEqual({});
    await open().network.ensure();
    expect(led()).toEqual({ [one.pods]: one.name });
  });

  it('of others are neither changed nor hindered, be they for the same pods', async () => {
    const other = open({ cluster: clusterNamed('demo', 'ffffffffffffffff') });
    await other.network.ensure();
    await convergeNodes(other, [{ ...one, name: 'other-node' }], '1');
    const link = gce.cloud.store.link(`zones/${b}/instances/other-node`);
    const foreign = {
      name: `${master}-p0a400100-24`, // as ours would be called
      network: gce.cloud.store.link('global/networks/default'),
      destRange: two.pods,
      nextHopInstance: link,
    };
    gce.cloud.store.add(`global/routes/${foreign.name}`, 'route', foreign, false);
    await provider.network.ensure();
    await convergeNodes(provider, [one], '1');
    expect(await provider.network.routes.list()).toEqual(to(one));
    await expect(
      provider.network.routes.ensure({ destination: two.pods, machine: one.name }),
    ).rejects.toMatchObject({ kind: 'conflict', message: expect.stringContaining('is not of this cluster') });
    await converge(provider, want(2));
    expect(pathsOf('routes')).toHaveLength(2);
    expect(pathsOf('instances')).toEqual([`zones/${b}/instances/other-node`]);
  });

  it('to a machine that somebody deleted are not listed, lead elsewhere when that is wanted, and go with the cluster', async () => {
    await provider.network.ensure();
    await convergeNodes(provider, [one, two], '1');
    await behindItsBack.delete(gce.cloud, one.name);
    await behindItsBack.delete(gce.cloud, two.name);
    expect(await provider.network.routes.list()).toEqual([]);
    const third = { ...one, name: 'demo-node-ccc' };
    await convergeNodes(open(), [third], '2');
    expect(led()).toEqual({ [one.pods]: third.name });
    // What the loop does before it forgets a Node.
    await open().machines.delete(two.name);
    expect(pathsOf('routes')).toHaveLength(1);
    await behindItsBack.delete(gce.cloud, third.name);
    await converge(open(), want(2));
    expect(gce.cloud.store.paths()).toEqual([]);
  });

  it('beyond what the network may have are refused, and what to ask for is named', async () => {
    await provider.network.ensure();
    Object.assign(gce.cloud.limits, { routes: 1 });
    await expect(convergeNodes(provider, [one, two], '1')).rejects.toMatchObject({
      kind: 'quota',
      message: expect.stringContaining("Quota 'ROUTES' exceeded.  Limit: 1.0"),
      advice: expect.stringContaining('static routes per VPC network'),
    });
    expect(await provider.network.routes.list()).toEqual(to(one));
  });
});

describe('a process that dies, or whose answers are lost, at any call of a node’s life', () => {
  /** Of the pairs of a call and a trouble. */
  const count = process.env.HAUP_GCE_MATRIX === 'all' ? undefined : 6;

  async function live(disturbed: Provider): Promise<void> {
    let current = disturbed;
    for (const [revision, nodes] of nodeLife(one, two)) {
      current = await convergeInTheEnd(current, open, nodes, revision);
      await gce.cloud.clock.sleep(60_000); // for operations that a dead process left running
      expect(await gce.cloud.faults.paused(() => open().network.routes.list())).toEqual(to(...nodes));
      expect(led()).toEqual(Object.fromEntries(nodes.map(({ pods, name }) => [pods, name])));
    }
    await converge(open(), want(9));
    expect(gce.cloud.store.paths()).toEqual([]);
    expect(gce.realizer.addresses.size).toBe(0);
    expect(Object.values(gce.realizer.made)).toEqual([1, 1, 1]);
  }

  it.each([
    ['as the reference reads', {}],
    ['as it could also be', unusual],
  ])('leaves what is wanted, and nothing at the end, rules %s', async (_name, rules) => {
    gce.reset({ rules });
    await live(open());
    const { length } = gce.cloud.faults.calls;
    expect(length).toBeGreaterThan(60);
    const troubles: readonly ((index: number) => Provider)[] = [
      (index) => open({ crash: new Crash(index, 'before') }),
      (index) => open({ crash: new Crash(index, 'after') }),
      (index) => {
        gce.cloud.faults.add({ when: (call) => call.index === index, fault: { kind: 'lost-reply' } });
        return open();
      },
    ];
    for (const [index, trouble] of troubledCalls(length, troubles, count)) {
      gce.reset({ rules });
      await live(trouble(index)).catch((error) => {
        throw new Error(`at call ${index}: ${error.message}`, { cause: error });
      });
    }
  });
});
