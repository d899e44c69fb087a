import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Provider } from '../../../src/providers/provider.ts';
import { type Harness, startGce, ZONES } from './harness.ts';

let gce: Harness;
let provider: Provider;

beforeEach(async () => {
  gce = await startGce();
  provider = gce.open();
});
afterEach(() => gce.close());

const create = (name: string, zone: string = ZONES[0], requestToken = `make ${name}`) =>
  provider.machines.create({ name, zone, bootScript: '#!/bin/sh\necho hello\n', requestToken });

describe('zones', () => {
  it('are those of the region, in order', async () => {
    expect(await provider.zones()).toEqual([...ZONES]);
  });
});

describe('the whole life of a cluster', () => {
  it('goes from one replica to three behind the balancer and back, and leaves nothing', async () => {
    await provider.preflight();
    await provider.network.ensure();
    expect(await provider.network.ready()).toBe(true);
    const { ip } = await provider.address.reserve();
    const first = await create('demo-master');
    expect(first).toMatchObject({ state: 'running', zone: ZONES[0] });
    expect(first.sshHost).toBe(first.externalIp);
    await provider.address.handOver({ kind: 'machine', name: 'demo-master' });
    expect(await provider.address.read()).toEqual({ ip, holder: { kind: 'machine', name: 'demo-master' } });
    expect((await provider.machines.list())[0]).toMatchObject({ externalIp: ip, sshHost: ip });
    await Promise.all([create('demo-master-abc', ZONES[1]), create('demo-master-def', ZONES[2])]);
    await provider.balancer.ensure(ZONES);
    const all = ['demo-master', 'demo-master-abc', 'demo-master-def'];
    await provider.balancer.setTargets(all);
    expect(await provider.balancer.read()).toMatchObject({
      complete: true,
      targets: all.map((replica) => ({ replica, health: 'healthy' })),
    });
    await provider.address.handOver({ kind: 'balancer' });
    expect(await provider.address.read()).toEqual({ ip, holder: { kind: 'balancer' } });
    expect(await provider.balancer.read()).toMatchObject({ complete: true });
    for (const machine of await provider.machines.list()) expect(machine.sshHost).toMatch(/^198\.18\./);
    await provider.balancer.setTargets(['demo-master-abc']);
    await provider.machines.delete('demo-master-def');
    await provider.address.handOver({ kind: 'machine', name: 'demo-master-abc' });
    await provider.balancer.delete();
    expect(await provider.balancer.read()).toBeNull();
    await provider.machines.delete('demo-master');
    expect(await provider.address.read()).toEqual({
      ip,
      holder: { kind: 'machine', name: 'demo-master-abc' },
    });
    await provider.machines.delete('demo-master-abc');
    await provider.address.release();
    await provider.network.delete();
    expect(gce.cloud.store.paths()).toEqual([]);
    expect(gce.realizer.machines()).toEqual([]);
  });
});
