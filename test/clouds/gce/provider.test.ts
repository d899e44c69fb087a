import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ProviderError } from '../../../src/providers/errors.ts';
import type { Provider } from '../../../src/providers/provider.ts';
import { converge, want } from '../shared/story.ts';
import { admits, type Packet } from './firewall.ts';
import { clusterNamed, type Harness, startGce, ZONES } from './harness.ts';
import { behindItsBack } from './instances.ts';
import { unusual } from './rules.ts';

const [b, c, d] = ZONES;
let gce: Harness;
let provider: Provider;

beforeAll(async () => {
  gce = await startGce();
});
beforeEach(() => {
  gce.reset();
  provider = gce.open();
});
afterAll(() => gce.close());

const create = (name: string, zone: string = b, requestToken = `make ${name}`) =>
  provider.machines.create({
    name,
    role: 'master',
    zone,
    bootScript: '#!/bin/sh\necho hello\n',
    requestToken,
  });
const refuse = (method: string, status: number, code: string, message: string) =>
  gce.cloud.faults.add({
    when: (call) => call.method === method,
    fault: { kind: 'refuse', status, code, message },
    times: 1,
  });
const failLater = (method: string, code: string, message: string) =>
  gce.cloud.faults.add({
    when: (call) => call.method === method,
    fault: { kind: 'fail-later', code, message },
  });

describe('the whole life of a cluster', () => {
  it.each([
    ['as the reference reads', {}],
    ['as it could also be', unusual],
  ])('goes from one replica to three and back and leaves nothing, rules %s', async (_name, rules) => {
    gce.reset({ rules, pageSize: 1 });
    provider = gce.open();
    await provider.preflight();
    await converge(provider, want(1, `demo-master@${b}`));
    const address = await provider.address.read();
    expect(address?.holder).toEqual({ kind: 'machine', name: 'demo-master' });
    expect((await provider.machines.list())[0]?.sshHost).toBe(address?.ip);
    await converge(provider, want(2, `demo-master@${b}`, `demo-master-abc@${c}`, `demo-master-def@${d}`));
    expect(await provider.address.read()).toEqual({ ip: address?.ip, holder: { kind: 'balancer' } });
    expect(await provider.balancer.read()).toMatchObject({
      complete: true,
      targets: ['demo-master', 'demo-master-abc', 'demo-master-def'].map((replica) => ({
        replica,
        health: 'healthy',
      })),
    });
    await converge(provider, want(3, `demo-master-abc@${c}`));
    expect(await provider.address.read()).toEqual({
      ip: address?.ip,
      holder: { kind: 'machine', name: 'demo-master-abc' },
    });
    await converge(provider, want(4));
    expect(gce.cloud.store.paths()).toEqual([]);
    expect(gce.realizer.machines()).toEqual([]);
    expect([...gce.realizer.addresses]).toEqual([]);
  });
});

describe('zones', () => {
  it('are those of the region, in order', async () => {
    expect(await provider.zones()).toEqual([...ZONES]);
  });
  it('of a region that does not exist are not found, and the nearest are named', async () => {
    const lost = gce.open({
      cluster: { ...clusterNamed('demo'), region: 'europe-west9', zone: 'europe-west9-a' },
    });
    await expect(lost.zones()).rejects.toMatchObject({
      kind: 'not-found',
      advice: 'Regions nearby: europe-west1, europe-west4.',
    });
  });
});

describe('machines', () => {
  it('are made once however often they are asked for', async () => {
    await converge(provider, want(1));
    const [first, second] = [await create('demo-master'), await create('demo-master')];
    expect(second).toEqual(first);
    expect(gce.realizer.made).toEqual({ 'demo-master': 1 });
  });

  it('that were finally refused are refused again under the same request token, and made under another one', async () => {
    failLater('instances.insert', 'ZONE_RESOURCE_POOL_EXHAUSTED', 'No capacity.');
    await expect(create('demo-master', b, 'first')).rejects.toMatchObject({ kind: 'quota' });
    // Compute Engine ignores a request whose id it has seen: the answer is what became of the first one.
    await expect(create('demo-master', b, 'first')).rejects.toMatchObject({ kind: 'quota' });
    expect(await create('demo-master', b, 'second')).toMatchObject({ state: 'running' });
    expect(gce.realizer.made).toEqual({ 'demo-master': 1 });
  });

  it('that an earlier run left in the making, not to be read yet, are waited for and not made twice', async () => {
    gce.reset({ rules: unusual });
    provider = gce.open();
    refuse('zoneOperations.wait', 403, 'forbidden', "Required 'compute.zoneOperations.get' permission");
    await expect(create('demo-master', b, 'first')).rejects.toMatchObject({ kind: 'denied' });
    expect(await gce.open().machines.list()).toEqual([]);
    expect(await create('demo-master', b, 'second')).toMatchObject({ state: 'running' });
    expect(gce.realizer.made).toEqual({ 'demo-master': 1 });
  });

  it('are made again under a request token that GCE has seen before, once their predecessor is deleted', async () => {
    await create('demo-master');
    await provider.machines.delete('demo-master');
    expect(await create('demo-master')).toMatchObject({ state: 'running' });
    expect(gce.realizer.made).toEqual({ 'demo-master': 2 });
  });

  it('of another cluster with the same name are a conflict, and are left alone', async () => {
    const other = gce.open({ cluster: clusterNamed('demo', 'ffffffffffffffff') });
    await other.machines.create({
      name: 'demo-master',
      zone: b,
      role: 'master',
      bootScript: '',
      requestToken: 'x',
    });
    await expect(create('demo-master')).rejects.toMatchObject({ kind: 'conflict' });
    await provider.machines.delete('demo-master');
    expect(await other.machines.list()).toHaveLength(1);
    expect(await provider.machines.list()).toEqual([]);
  });

  it('that are stopped have no SSH host, and keep their name and zone when they are started', async () => {
    const made = await create('demo-master', c);
    await behindItsBack.stop(gce.cloud, 'demo-master');
    expect((await provider.machines.list())[0]).toMatchObject({ state: 'stopped', sshHost: null, zone: c });
    const started = await provider.machines.start('demo-master');
    expect(started).toMatchObject({ state: 'running', name: 'demo-master', internalIp: made.internalIp });
    expect(started.sshHost).toBe(started.externalIp);
  });

  it.each(['STOPPING', 'REPAIRING', 'SUSPENDING'])(
    'that stay %s are stopped to a look, which waits for that once, and hide no other; only a start waits longer',
    async (status) => {
      await create('demo-master');
      await create('demo-master-abc', c);
      const { clock } = gce.cloud;
      const { message } = behindItsBack.find(gce.cloud, 'demo-master-abc');
      const listed = async () =>
        (await provider.machines.list()).map(({ name, state }) => `${name} ${state}`);
      message.status = status;
      const began = clock.now();
      expect(await listed()).toEqual(['demo-master running', 'demo-master-abc stopped']);
      expect(clock.now() - began).toBeLessThanOrEqual(40_000);
      const again = clock.now();
      expect(await listed()).toEqual(['demo-master running', 'demo-master-abc stopped']);
      expect(clock.now()).toBe(again);
      clock.after(120_000, () => {
        message.status = 'TERMINATED';
      });
      expect(await provider.machines.start('demo-master-abc')).toMatchObject({ state: 'running' });
      expect(await listed()).toEqual(['demo-master running', 'demo-master-abc running']);
    },
  );

  it('in a state in between that passes are told as they are after it', async () => {
    await create('demo-master');
    const { message } = behindItsBack.find(gce.cloud, 'demo-master');
    message.status = 'STAGING';
    gce.cloud.clock.after(15_000, () => {
      message.status = 'RUNNING';
    });
    expect(await provider.machines.list()).toMatchObject([{ state: 'running' }]);
  });

  it('name the other zones when theirs has no capacity', async () => {
    failLater(
      'instances.insert',
      'ZONE_RESOURCE_POOL_EXHAUSTED',
      `The zone '${b}' does not have enough resources.`,
    );
    await expect(create('demo-master')).rejects.toMatchObject({
      kind: 'quota',
      message: expect.stringContaining('does not have enough resources'),
      advice: `Try again later, or another zone of the region: ${c}, ${d}.`,
    });
    expect(await provider.machines.list()).toEqual([]);
  });

  it('in a zone of another region are refused with the zones that there are', async () => {
    await expect(create('demo-master', 'europe-west4-a')).rejects.toMatchObject({
      kind: 'invalid',
      advice: `Its zones are ${ZONES.join(', ')}.`,
    });
  });

  it('carry no service account, no secret beyond the boot script, and the cluster’s labels and tag', async () => {
    await create('demo-master');
    const { message } = behindItsBack.find(gce.cloud, 'demo-master');
    expect(message).toMatchObject({
      labels: {
        'haup-cluster': 'demo',
        'haup-uid': '0123456789abcdef',
        'haup-replica': 'demo-master',
        'haup-role': 'master',
      },
      tags: { items: ['demo-01234567'] },
      shieldedInstanceConfig: { enableSecureBoot: true },
    });
    expect(message.serviceAccounts).toBeUndefined();
    const { items } = message.metadata as { items: { key: string }[] };
    expect(items.map((item) => item.key)).toEqual([
      'startup-script',
      'block-project-ssh-keys',
      'enable-oslogin',
    ]);
  });

  it('of a zone that GCE cannot reach are unknown, not gone', async () => {
    gce.cloud.unreachable.add(c);
    await create('demo-master');
    await expect(provider.machines.list()).rejects.toMatchObject({
      kind: 'transient',
      message: expect.stringContaining(c),
    });
  });

  it('are known while GCE cannot reach a zone of another region, and can be deleted', async () => {
    await converge(provider, want(1, `demo-master@${b}`));
    gce.cloud.unreachable.add('europe-west4-a');
    expect(await provider.machines.list()).toMatchObject([{ name: 'demo-master', state: 'running' }]);
    await converge(provider, want(2));
    expect(gce.cloud.store.paths()).toEqual([]);
  });
});

describe('the network', () => {
  it('lets in the API, SSH from the operator, masters among themselves and health checks, and nothing else', async () => {
    await provider.network.ensure();
    const rules = gce.cloud.store.all('firewalls').map(({ message }) => ({
      from: message.sourceRanges ?? message.sourceTags,
      allowed: ((message.allowed ?? []) as { ports: string[] }[]).flatMap((each) => each.ports),
      to: message.targetTags,
    }));
    const to = ['demo-01234567'];
    expect(rules).toEqual([
      { from: ['0.0.0.0/0'], allowed: ['443'], to },
      { from: ['0.0.0.0/0'], allowed: [], to },
      {
        from: ['35.191.0.0/16', '130.211.0.0/22', '209.85.152.0/22', '209.85.204.0/22'],
        allowed: ['443'],
        to,
      },
      { from: ['demo-01234567'], allowed: ['2380', '443'], to },
      { from: ['198.51.100.7/32'], allowed: ['22'], to },
    ]);
  });

  it('lets in nobody whom the rules that Google puts into the network "default" would', async () => {
    const us = 'demo-01234567';
    const mine = gce.open({ settings: { allowFrom: ['203.0.113.0/24'] } });
    const can = (packet: Packet) => admits(gce.cloud, 'default', [us], packet);
    const strangers: Packet[] = [
      { protocol: 'tcp', port: 22, from: '192.0.2.1' },
      { protocol: 'tcp', port: 22, from: '10.132.0.99' },
      { protocol: 'tcp', port: 443, from: '10.132.0.99' },
      { protocol: 'tcp', port: 2380, from: '10.132.0.99' },
      { protocol: 'tcp', port: 3389, from: '192.0.2.1' },
      { protocol: 'udp', port: 53, from: '10.132.0.99' },
      { protocol: 'icmp', from: '192.0.2.1' },
    ];
    await mine.network.ensure();
    expect(strangers.filter(can)).toEqual([]);
    const ours: Packet[] = [
      { protocol: 'tcp', port: 22, from: '198.51.100.7' },
      { protocol: 'tcp', port: 443, from: '203.0.113.9' },
      { protocol: 'tcp', port: 443, from: '35.191.3.3' },
      { protocol: 'tcp', port: 443, from: '10.132.0.2', tags: [us] },
      { protocol: 'tcp', port: 2380, from: '10.132.0.2', tags: [us] },
    ];
    expect(ours.filter((packet) => !can(packet))).toEqual([]);
    // Other machines of the network keep what they had.
    expect(admits(gce.cloud, 'default', ['theirs'], strangers[0]!)).toBe(true);

    const closed = `global/firewalls/${us}-closed`;
    Object.assign(gce.cloud.store.get(closed).message, { priority: 65_534 });
    expect(await mine.network.ready()).toBe(false);
    gce.cloud.store.remove(closed);
    expect(strangers.filter(can)).toHaveLength(strangers.length);
    expect(await mine.network.ready()).toBe(false);
    await mine.network.ensure();
    expect(strangers.filter(can)).toEqual([]);
  });

  it('is not ready while a rule is missing or other than it should be, and ensure mends it', async () => {
    await provider.network.ensure();
    expect(await provider.network.ready()).toBe(true);
    const [rule] = gce.cloud.store.all('firewalls');
    Object.assign(rule?.message ?? {}, { sourceRanges: ['10.0.0.0/8'] });
    expect(await provider.network.ready()).toBe(false);
    await provider.network.ensure();
    expect(rule?.message.sourceRanges).toEqual(['0.0.0.0/0']);
    gce.cloud.store.remove(rule?.path ?? '');
    expect(await provider.network.ready()).toBe(false);
    await provider.network.ensure();
    expect(await provider.network.ready()).toBe(true);
  });

  it('is looked at and deleted where nobody can tell this host’s address; what changes it says what is missing', async () => {
    let known = true;
    const open = () =>
      gce.open({
        settings: { sshFrom: undefined },
        async operatorAddress() {
          if (known) return '198.51.100.7/32';
          throw new ProviderError('preflight', 'this host’s address is not known');
        },
      });
    await converge(open(), want(1, `demo-master@${b}`));
    known = false;
    const later = open();
    expect(await later.network.ready()).toBe(true);
    await expect(later.network.ensure()).rejects.toMatchObject({ kind: 'preflight' });
    known = true;
    await later.network.ensure();
    known = false;
    gce.cloud.store.remove('global/firewalls/demo-01234567-ssh');
    expect(await open().network.ready()).toBe(false);
    await converge(open(), want(2));
    expect(gce.cloud.store.paths()).toEqual([]);
  });

  it('opened to a range with host bits is opened to that range, which Compute Engine would not take as it is', async () => {
    const open = gce.open({ settings: { allowFrom: ['203.0.113.7/24'], sshFrom: ['198.51.100.7/31'] } });
    await open.network.ensure();
    expect(await open.network.ready()).toBe(true);
    const rule = (part: string) => gce.cloud.store.get(`global/firewalls/demo-01234567-${part}`).message;
    expect(rule('api').sourceRanges).toEqual(['203.0.113.0/24']);
    expect(rule('ssh').sourceRanges).toEqual(['198.51.100.6/31']);
  });

  it('that does not exist is not found', async () => {
    const elsewhere = gce.open({ settings: { network: 'nowhere' } });
    await expect(elsewhere.network.ensure()).rejects.toMatchObject({
      kind: 'not-found',
      message: expect.stringContaining('global/networks/nowhere'),
    });
  });

  it('in custom mode needs a subnet, of which it takes one', async () => {
    const without = gce.open({ settings: { network: 'custom' } });
    const request = {
      name: 'demo-master',
      zone: b,
      role: 'master',
      bootScript: '',
      requestToken: 'x',
    } as const;
    await expect(without.machines.create(request)).rejects.toMatchObject({ kind: 'invalid' });
    const withOne = gce.open({ settings: { network: 'custom', subnets: ['masters'] } });
    expect(await withOne.machines.create(request)).toMatchObject({ state: 'running' });
    expect(() => gce.open({ settings: { subnets: ['one', 'two'] } })).toThrow(/2 subnets were given/);
  });

  it('deleted last takes a boot disk along that somebody kept', async () => {
    await create('demo-master');
    const { message } = behindItsBack.find(gce.cloud, 'demo-master');
    Object.assign((message.disks as object[])[0] ?? {}, { autoDelete: false });
    await behindItsBack.delete(gce.cloud, 'demo-master');
    expect(gce.cloud.store.paths()).toEqual([`zones/${b}/disks/demo-master`]);
    await provider.network.delete();
    expect(gce.cloud.store.paths()).toEqual([]);
  });
});

describe('clusters side by side', () => {
  it('with a common name prefix, or one name, never touch each other', async () => {
    const others = [
      clusterNamed('demo-master', 'aaaaaaaaaaaaaaaa'),
      clusterNamed('dem', 'bbbbbbbbbbbbbbbb'),
      clusterNamed('demo', 'cccccccccccccccc'),
    ];
    for (const [index, cluster] of others.entries()) {
      await converge(
        gce.open({ cluster }),
        want(1, `${cluster.name}-master-x${index}@${b}`, `${cluster.name}-master-y${index}@${c}`),
      );
    }
    const before = gce.cloud.store.paths();
    await converge(provider, want(1, `demo-master@${b}`, `demo-master-abc@${c}`));
    await converge(provider, want(2));
    expect(gce.cloud.store.paths()).toEqual(before);
    for (const cluster of others) {
      expect(await gce.open({ cluster }).balancer.read()).toMatchObject({
        complete: true,
        targets: [{ health: 'healthy' }, { health: 'healthy' }],
      });
    }
  });

  it.each([
    ['as the reference reads', {}],
    ['as it could also be', unusual],
  ])('made anew under the same name within a minute work at once, rules %s', async (_name, rules) => {
    gce.reset({ rules });
    for (const uid of ['1111111111111111', '2222222222222222', '2222222222222222']) {
      const again = gce.open({ cluster: clusterNamed('demo', uid) });
      await converge(again, want(1, `demo-master@${b}`, `demo-master-abc@${c}`));
      expect(await again.address.read()).toMatchObject({ holder: { kind: 'balancer' } });
      await converge(again, want(2));
      expect(gce.cloud.store.paths()).toEqual([]);
    }
  });

  it('whose deletion found half of it gone is deleted nevertheless', async () => {
    await converge(provider, want(1, `demo-master@${b}`, `demo-master-abc@${c}`));
    await behindItsBack.delete(gce.cloud, 'demo-master');
    for (const { path, message } of gce.cloud.store.all('forwardingRules')) {
      behindItsBack.letGo(gce.cloud, String(message.IPAddress));
      gce.cloud.store.remove(path);
    }
    gce.cloud.store.remove(gce.cloud.store.all('firewalls')[0]?.path ?? '');
    await converge(gce.open(), want(2));
    expect(gce.cloud.store.paths()).toEqual([]);
  });
});

describe('errors', () => {
  it('over the Compute Engine API say how to enable it', async () => {
    refuse(
      'regions.get',
      403,
      'accessNotConfigured',
      'Compute Engine API has not been used in project 1 before or it is disabled.',
    );
    await expect(provider.preflight()).rejects.toMatchObject({
      kind: 'preflight',
      advice:
        'Enable the Compute Engine API: gcloud services enable compute.googleapis.com --project haup-test.',
    });
  });

  it('over an expired login say how to log in', async () => {
    gce.cloud.faults.add({
      when: (call) => call.method === 'addresses.get',
      fault: { kind: 'refuse', status: 401, code: 'authError', message: 'Invalid Credentials' },
      times: 3,
    });
    await expect(provider.address.read()).rejects.toMatchObject({
      kind: 'denied',
      advice: 'Log in again: gcloud auth application-default login.',
    });
  });

  it('over a login that has expired meanwhile, which the token endpoint says, say how to log in', async () => {
    const fresh = await startGce();
    try {
      fresh.cloud.loginExpired = true;
      await expect(fresh.open().machines.list()).rejects.toMatchObject({
        kind: 'denied',
        message: expect.stringContaining('Token has been expired or revoked'),
        advice: 'Log in again: gcloud auth application-default login.',
      });
      expect(fresh.cloud.faults.calls).toEqual([]);
    } finally {
      await fresh.close();
    }
  });

  it.each([
    ['a read', 'addresses.get', 429, 'rateLimitExceeded', 120, () => provider.address.read()],
    ['a read', 'addresses.get', 503, 'backendError', 120, () => provider.address.read()],
    ['a change', 'addresses.insert', 503, 'backendError', 300, () => provider.address.reserve()],
  ] as const)(
    'that pass are waited for, with growing, jittered pauses and an end: %s, %s answers %d',
    async (_kind, method, status, code, seconds, work) => {
      const times: number[] = [];
      gce.cloud.faults.add({
        when(call) {
          if (call.method !== method) return false;
          times.push(gce.cloud.clock.now());
          return true;
        },
        fault: { kind: 'refuse', status, code, message: 'Later, please' },
        times: Number.POSITIVE_INFINITY,
      });
      const began = gce.cloud.clock.now();
      await expect(work()).rejects.toMatchObject({
        kind: 'transient',
        message: expect.stringMatching(/Later, please \(gave up .+ after \d+ s and \d+ attempts\)/),
      });
      const tried = (gce.cloud.clock.now() - began) / 1000;
      expect(tried).toBeGreaterThan(seconds / 2);
      expect(tried).toBeLessThanOrEqual(seconds);
      const pauses = times.slice(1).map((time, index) => time - times[index]!);
      for (const [index, pause] of pauses.entries()) {
        const ceiling = Math.min(500 * 2 ** index, 20_000);
        expect(pause).toBeGreaterThanOrEqual(ceiling / 2);
        expect(pause).toBeLessThanOrEqual(ceiling);
      }
      const last = pauses.filter((pause) => pause > 10_000);
      expect(new Set(last).size).toBe(last.length); // jitter: no two alike
    },
  );

  it('over a quota say where to ask for more', async () => {
    failLater(
      'addresses.insert',
      'QUOTA_EXCEEDED',
      "Quota 'STATIC_ADDRESSES' exceeded. Limit: 8.0 in region europe-west1.",
    );
    await expect(provider.address.reserve()).rejects.toMatchObject({
      kind: 'quota',
      message: expect.stringContaining("Quota 'STATIC_ADDRESSES' exceeded"),
      advice: expect.stringContaining('higher quota'),
    });
    expect(await provider.address.read()).toBeNull();
  });

  it('hold no access token', async () => {
    refuse('addresses.get', 400, 'invalid', 'no');
    const error = await provider.address.read().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ProviderError);
    const { inspect } = await import('node:util');
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('test-token');
  });

  it('over an address that is in use name its user', async () => {
    await converge(provider, want(1, `demo-master@${b}`));
    await expect(provider.address.release()).rejects.toMatchObject({
      kind: 'conflict',
      message: expect.stringContaining('instances/demo-master'),
    });
  });
});
