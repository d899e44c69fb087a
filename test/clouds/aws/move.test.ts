import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ClusterIdentity, Provider, ProviderSettings } from '../../../src/providers/provider.ts';
import { VirtualClock } from '../shared/clock.ts';
import { SimulatedRealizer } from '../shared/simulated.ts';
import { admits } from './admission.ts';
import { type AwsCloud, openCloud } from './cloud.ts';
import { cluster, connect, gapSince, Operator } from './harness.ts';
import { type Delays, defaultReadings, otherReadings, type Readings, realisticDelays } from './world.ts';

let cloud: AwsCloud;
let identity: ClusterIdentity;
let provider: Provider;
let operator: Operator;
let realizer: SimulatedRealizer;

async function open(
  readings: Partial<Readings>,
  settings: ProviderSettings = {},
  zones = 'abc',
  delays: Partial<Delays> = {},
) {
  const clock = new VirtualClock();
  realizer = new SimulatedRealizer(clock);
  cloud = await openCloud({ clock, realizer, readings, zones, delays });
  identity = cluster(cloud);
  provider = connect(cloud, identity, { settings });
  operator = new Operator(cloud, identity);
}

async function close() {
  await provider.close();
  await cloud.close();
}

const two = ['demo-master', 'demo-master-two'];
const ip = async () => (await provider.address.read())!.ip;
const holder = async () => (await provider.address.read())!.holder;
const zoneOfAddress = async () => (await provider.address.read())!.zone;
const machine = async (name: string) => (await provider.machines.list()).find((one) => one.name === name)!;

/** The gap since `from`, once every change in flight has been carried out. */
async function gap(from: number): Promise<number> {
  await cloud.clock.sleep(600_000);
  return gapSince(realizer, await ip(), from);
}

async function pair(zones = ['a', 'b']) {
  await operator.create(provider, `${cloud.region}${zones[0]}`);
  await operator.machine(provider, two[1]!, `${cloud.region}${zones[1]}`);
}

const readings: [string, Partial<Readings>][] = [
  ['as the documents say now', defaultReadings],
  ['as they may also be read', otherReadings],
];

describe.each(readings)('moving the address on AWS, %s', (_, reading) => {
  afterEach(close);

  const three = [...two, 'demo-master-x'];

  async function trio(zones: string) {
    await open(reading, {}, zones);
    await pair();
    await operator.machine(provider, 'demo-master-x', `${cloud.region}c`);
    await operator.promote(provider, three);
  }

  test('to the balancer the gap is that of SetSubnets, and every target was healthy before', async () => {
    await open(reading);
    await pair();
    await provider.balancer.ensure([`${cloud.region}a`, `${cloud.region}b`]);
    await provider.balancer.setTargets(two);
    expect((await provider.balancer.read())!.targets.map((target) => target.health)).toEqual([
      'healthy',
      'healthy',
    ]);
    const before = cloud.clock.now();
    await provider.address.handOver({ kind: 'balancer' });
    expect(await holder()).toEqual({ kind: 'balancer' });
    expect(await gap(before)).toBeLessThanOrEqual(realisticDelays.setSubnets + 2_000);
    expect((await provider.balancer.read())!.targets.map((target) => target.health)).toEqual([
      'healthy',
      'healthy',
    ]);
  });

  test('where every zone holds a master, one is enabled again with the address, and its target returns', async () => {
    await open(reading, {}, 'ab');
    await pair();
    const before = cloud.clock.now();
    await operator.promote(provider, two);
    expect(await zoneOfAddress()).toBe(`${cloud.region}a`);
    expect((await provider.balancer.read())!.targets.map((target) => target.health)).toEqual([
      'healthy',
      'healthy',
    ]);
    expect(await gap(before)).toBeLessThanOrEqual(realisticDelays.setSubnets + 2_000);
  });

  test('the machine that gives the address up stays reachable, and gives its own up when it gets it back', async () => {
    await open(reading);
    await pair();
    await operator.promote(provider, two);
    const away = await machine('demo-master');
    expect(away.sshHost).not.toBeNull();
    expect(away.sshHost).not.toBe(await ip());
    await operator.demote(provider, 'demo-master');
    expect((await machine('demo-master')).sshHost).toBe(await ip());
    expect(cloud.world.addresses.size).toBe(1);
    expect(await provider.network.ready()).toBe(true);
  });

  test('back to a machine the gap is that of freeing the address', async () => {
    await open(reading);
    await pair();
    await operator.promote(provider, two);
    await cloud.clock.sleep(600_000);
    const before = cloud.clock.now();
    await operator.demote(provider, two[1]!);
    expect(await holder()).toEqual({ kind: 'machine', name: two[1] });
    expect(await gap(before)).toBeLessThanOrEqual(realisticDelays.freeAddress + 2_000);
    expect(await provider.balancer.read()).toBeNull();
  });

  test('from machine to machine there is no gap, and the old one stays reachable', async () => {
    await open(reading);
    await pair(['a', 'a']);
    const before = cloud.clock.now();
    await provider.address.handOver({ kind: 'machine', name: two[1]! });
    expect(await gap(before)).toBe(0);
    const old = await machine('demo-master');
    expect(old.sshHost).not.toBeNull();
    expect(old.sshHost).not.toBe(await ip());
  });

  test('with a single subnet the gap is that of the balancer’s provisioning, as announced', async () => {
    await open(reading, { subnets: ['subnet-0defaulta'] });
    await pair(['a', 'a']);
    expect(provider.interruption([`${cloud.region}a`]).promotion[1]).toBeGreaterThanOrEqual(
      realisticDelays.provisioning / 1000,
    );
    const before = cloud.clock.now();
    await operator.promote(provider, two);
    expect(await holder()).toEqual({ kind: 'balancer' });
    expect(await gap(before)).toBeLessThanOrEqual(realisticDelays.provisioning + 2_000);
    await operator.demote(provider, 'demo-master');
    expect(await holder()).toEqual({ kind: 'machine', name: 'demo-master' });
    await operator.delete(provider);
    expect(cloud.left(identity.uid)).toEqual([]);
  });

  test('one zone and a subnet elsewhere is not the long way', async () => {
    await open(reading);
    await pair(['a', 'a']);
    const before = cloud.clock.now();
    await operator.promote(provider, two);
    expect(await gap(before)).toBeLessThanOrEqual(realisticDelays.setSubnets + 2_000);
  });

  test('one, two, one, two replicas, and a third in a zone that was not enabled', async () => {
    await open(reading);
    await pair();
    for (let round = 0; round < 2; round++) {
      await operator.promote(provider, two);
      expect(await holder()).toEqual({ kind: 'balancer' });
      await operator.demote(provider, 'demo-master');
      await operator.remove(provider, two[1]!);
      expect(await holder()).toEqual({ kind: 'machine', name: 'demo-master' });
      operator.attempt++;
      await operator.machine(provider, two[1]!, `${cloud.region}b`);
    }
    await operator.machine(provider, 'demo-master-x', `${cloud.region}c`);
    const all = [...two, 'demo-master-x'];
    await operator.promote(provider, all);
    const targets = (await provider.balancer.read())!.targets;
    expect(targets).toEqual(all.map((replica) => ({ replica, health: 'healthy' })));
    await operator.delete(provider);
    expect(cloud.left(identity.uid)).toEqual([]);
  });

  test('a failed SetSubnets puts the address back within seconds, and nothing is lost', async () => {
    await open(reading);
    await pair();
    await provider.balancer.ensure([`${cloud.region}a`, `${cloud.region}b`]);
    await provider.balancer.setTargets(two);
    const denied = cloud.permissions;
    denied.deny('elasticloadbalancing:SetSubnets');
    const before = cloud.clock.now();
    await expect(provider.address.handOver({ kind: 'balancer' })).rejects.toMatchObject({ kind: 'denied' });
    expect(await holder()).toEqual({ kind: 'machine', name: 'demo-master' });
    expect(await gap(before)).toBeLessThanOrEqual(2_000);
    expect((await machine('demo-master')).sshHost).toBe(await ip());
    denied.allowAgain();
    await provider.network.ensure();
    expect(cloud.world.addresses.size).toBe(1);
    await provider.address.handOver({ kind: 'balancer' });
    expect(await holder()).toEqual({ kind: 'balancer' });
  });

  test('a demotion whose association is refused leaves the address with the balancer', async () => {
    await open(reading);
    await pair();
    await operator.promote(provider, two);
    cloud.permissions.deny('ec2:AssociateAddress');
    await expect(provider.address.handOver({ kind: 'machine', name: 'demo-master' })).rejects.toMatchObject({
      kind: 'denied',
    });
    await cloud.clock.sleep(60_000);
    expect(await holder()).toEqual({ kind: 'balancer' });
    cloud.permissions.allowAgain();
    await provider.address.handOver({ kind: 'machine', name: 'demo-master' });
    expect(await holder()).toEqual({ kind: 'machine', name: 'demo-master' });
  });

  test('clients outside --allow-from are refused before the move and after it, and nobody gets in past the balancer', async () => {
    await open(reading);
    await pair();
    const address = await ip();
    const letIn = (source: string, at = address) => admits(cloud.world, source, at, 443);
    const both = () => [letIn('198.51.100.9'), letIn('192.0.2.1')];
    expect(both()).toEqual([true, false]);
    await operator.promote(provider, two);
    expect(both()).toEqual([true, false]);
    const masters = (await provider.machines.list()).map((each) => each.externalIp!);
    expect(masters.map((each) => letIn('198.51.100.9', each))).toEqual([false, false]);
    await operator.demote(provider, 'demo-master');
    expect(both()).toEqual([true, false]);
    expect(await provider.network.ready()).toBe(true);
  });

  describe('when the zone of the address is lost', () => {
    test.each(['abc', 'abcd'])('with zones %s it says so, and moves to another', async (zones) => {
      await trio(zones);
      const zone = (await zoneOfAddress())!;
      await cloud.loseZone(zone, true);
      const lost = await provider.address.read();
      expect(lost).toMatchObject({ holder: { kind: 'balancer' }, zone });
      expect(lost!.lost).toContain(zone);
      await provider.address.handOver({ kind: 'balancer' });
      const found = await provider.address.read();
      expect(found).toMatchObject({ ip: lost!.ip, holder: { kind: 'balancer' }, lost: null });
      expect(found!.zone).not.toBe(zone);
      await cloud.clock.sleep(600_000);
      await provider.balancer.read();
      expect(realizer.routeOf(found!.ip)?.kind).toBe('balancer');
    });

    test.each(['abc', 'abcd'])('with zones %s and no word of AWS’s, it is seen and left', async (zones) => {
      await trio(zones);
      const zone = (await zoneOfAddress())!;
      expect((await provider.address.read())!.lost).toBeNull();
      await cloud.loseZone(zone, false);
      expect((await provider.address.read())!.lost).toContain(zone);
      await provider.address.handOver({ kind: 'balancer' });
      expect(await provider.address.read()).toMatchObject({ holder: { kind: 'balancer' }, lost: null });
      expect(await zoneOfAddress()).not.toBe(zone);
      await cloud.clock.sleep(600_000);
      await provider.balancer.read();
      expect(realizer.routeOf(await ip())?.kind).toBe('balancer');
    });

    test('whose master alone is dead, the address stays: another zone’s masters answer at it', async () => {
      await trio('abc');
      const zone = (await zoneOfAddress())!;
      await cloud.stop('demo-master');
      await cloud.clock.sleep(600_000);
      await provider.balancer.read();
      expect(await provider.address.read()).toMatchObject({ zone, lost: null });
      const before = cloud.clock.now();
      await provider.address.handOver({ kind: 'balancer' });
      expect(await zoneOfAddress()).toBe(zone);
      expect(await gap(before)).toBe(0);
    });

    test('the address goes to no zone whose masters are dead, if there is another', async () => {
      await trio('abc');
      await provider.address.handOver({ kind: 'machine', name: 'demo-master-x' });
      await cloud.clock.sleep(600_000);
      await cloud.loseZone(`${cloud.region}c`, false);
      await provider.address.handOver({ kind: 'balancer' });
      expect(await zoneOfAddress()).not.toBe(`${cloud.region}c`);
    });

    test.each([realisticDelays.freeAddress, 150_000])(
      'of two, the balancer is built anew in the other, though AWS lets go of the address after %d ms only',
      async (freeAddress) => {
        await open(reading, {}, 'ab', { freeAddress });
        await pair();
        await operator.promote(provider, two);
        await cloud.loseZone(`${cloud.region}a`, true);
        await provider.address.handOver({ kind: 'balancer' });
        expect(await zoneOfAddress()).toBe(`${cloud.region}b`);
        await cloud.clock.sleep(600_000);
        await provider.balancer.read();
        expect(realizer.routeOf(await ip())?.kind).toBe('balancer');
      },
    );
  });

  describe('from a host that the balancer does not let in', () => {
    let outside: Provider;
    afterEach(() => outside.close());

    const setSubnets = () => cloud.faults.calls.filter(({ method }) => method.endsWith(':SetSubnets')).length;

    async function staysWhereItIs() {
      const zone = await zoneOfAddress();
      expect(await outside.address.read()).toMatchObject({ zone, lost: null });
      const before = setSubnets();
      await outside.address.handOver({ kind: 'balancer' });
      expect([await zoneOfAddress(), setSubnets()]).toEqual([zone, before]);
    }

    test('the address in a zone without masters is not called lost, and stays there', async () => {
      await trio('abcd');
      outside = connect(cloud, identity, { reach: async () => false });
      expect(await zoneOfAddress()).toBe(`${cloud.region}d`);
      await staysWhereItIs();
    });

    test('nor is the one in a zone whose master alone is dead', async () => {
      await trio('abc');
      outside = connect(cloud, identity, { reach: async () => false });
      await cloud.stop('demo-master');
      await cloud.clock.sleep(600_000);
      await staysWhereItIs();
    });

    test('the address goes to one zone, and not from there to the next for want of an answer', async () => {
      await open(reading, {}, 'abcd');
      await pair();
      outside = connect(cloud, identity, { reach: async () => false });
      await outside.balancer.ensure([`${cloud.region}a`, `${cloud.region}b`]);
      await outside.balancer.setTargets(two);
      const before = setSubnets();
      await outside.address.handOver({ kind: 'balancer' });
      expect(await holder()).toEqual({ kind: 'balancer' });
      expect(setSubnets()).toBe(before + 1);
    });
  });
});

beforeEach(() => {
  provider = undefined as never;
});
