import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ProviderError } from '../../src/providers/errors.ts';
import type { ClusterIdentity, FaultKind, Machine, Provider } from '../../src/providers/provider.ts';
import { waitFor } from '../../src/util/wait.ts';
import { loseWhatARebootLoses } from '../support/host-reboot.ts';
import type { ContractWorld } from './support/contract-world.ts';
import { localWorld } from './support/local-world.ts';
import { knock, openStream } from './support/stream.ts';

let world: ContractWorld;
let cluster: ClusterIdentity;
let provider: Provider;
let api: string;
const names = ['lp-f1', 'lp-f2', 'lp-f3'];
const [first, second, third] = names as [string, string, string];

async function machine(name: string): Promise<Machine> {
  const found = (await provider.machines.list()).find((each) => each.name === name);
  if (!found) throw new Error(`${name} is not listed`);
  return found;
}
const run = async (name: string, command: string) => (await world.run(await machine(name), command)).trim();
const fault = (kind: FaultKind, name: string) => provider.fault!(kind, name);
const answers = async (ip: string, timeoutMs = 500) =>
  (await world.get(ip, cluster.apiPort, '/readyz', timeoutMs).catch(() => null))?.body ?? null;
const until = (what: string, look: () => Promise<boolean>) =>
  waitFor(async () => (await look()) || undefined, { what, timeoutMs: 60_000 });
const ready = async (name: string) => {
  const { externalIp } = await machine(name);
  await until(`${name} to answer`, async () => (await answers(externalIp!)) === name);
};
const fetchFrom = (from: string, ip: string) =>
  run(from, `curl -sk --max-time 3 https://${ip}:${cluster.apiPort}/readyz || echo "curl ended with $?"`);

const healthy = async () =>
  ((await provider.balancer.read())?.targets ?? [])
    .filter((target) => target.health === 'healthy')
    .map((target) => target.replica);

beforeAll(async () => {
  world = await localWorld('lp-faults');
  cluster = world.newCluster();
  provider = world.open(cluster);
  await provider.network.ensure();
  api = (await provider.address.reserve()).ip;
  const zones = await provider.zones();
  await Promise.all(
    names.map(async (name, index) =>
      provider.machines.create({
        name,
        role: 'master',
        zone: zones[index]!,
        bootScript: await world.bootScript(cluster, name),
        requestToken: name,
      }),
    ),
  );
  await Promise.all(names.map(ready));
});

afterAll(async () => {
  const rest = world.open(cluster);
  for (const left of await rest.machines.list()) await rest.machines.delete(left.name);
  await rest.balancer.delete();
  await rest.address.release();
  await rest.network.delete();
  expect(await world.inventory(cluster)).toEqual([]);
  await world.close();
});

test('power-off is silence to peers: no reset, no end of stream, no refusal, no unreachable', async () => {
  const before = await machine(first);
  const stream = await openStream(before.externalIp!, cluster.apiPort);
  await fault('power-off', first);
  const received = stream.received();
  expect(await machine(first)).toMatchObject({ state: 'stopped', externalIp: null, sshHost: null });
  expect(await knock(before.externalIp!, cluster.apiPort)).toBe('silence');
  expect(await fetchFrom(second, before.internalIp)).toBe('curl ended with 28');
  expect(stream.state()).toBe('open');
  expect(stream.received()).toBe(received);
  stream.close();
  await fault('power-off', first);
});

test('power-on brings the same disk back, with a new external address and without the boot script', async () => {
  const off = await machine(first);
  await fault('power-on', first);
  const on = await machine(first);
  expect(on).toMatchObject({ state: 'running', internalIp: off.internalIp, zone: off.zone });
  await ready(first);
  expect(await run(first, 'wc -l < /root/boot-script-ran')).toBe('1');
});

test('what was written and synced before the power went is there afterwards', async () => {
  await run(first, 'echo kept > /root/kept && sync /root/kept');
  await fault('power-off', first);
  const started = await provider.machines.start(first);
  expect(started.sshHost).not.toBeNull();
  expect(await run(first, 'cat /root/kept')).toBe('kept');
  await ready(first);
});

test('a frozen machine accepts connections and does not answer; thawed, it answers', async () => {
  const { externalIp } = await machine(first);
  await fault('freeze', first);
  expect(await machine(first)).toMatchObject({ state: 'running' });
  expect(await knock(externalIp!, cluster.apiPort)).toBe('connected');
  expect(await answers(externalIp!)).toBeNull();
  await fault('freeze', first);
  await fault('thaw', first);
  await ready(first);
});

test('an isolated machine hears and says nothing, and its connections go on when it is healed', async () => {
  const { externalIp, internalIp } = await machine(first);
  const stream = await openStream(externalIp!, cluster.apiPort);
  await fault('isolate', first);
  expect(await knock(externalIp!, cluster.apiPort)).toBe('silence');
  expect(await fetchFrom(second, internalIp)).toBe('curl ended with 28');
  expect(await machine(first)).toMatchObject({ state: 'running' });
  expect(stream.state()).toBe('open');
  await fault('heal', first);
  const before = stream.received();
  await until('the stream to go on', async () => stream.received() > before);
  stream.close();
  await ready(first);
});

test('a machine that powers itself off is stopped and silent, and starts again', async () => {
  const { externalIp } = await machine(first);
  await run(first, 'systemctl poweroff --force || true').catch(() => {}); // it may take the connection with it
  await until('the machine to stop', async () => (await machine(first)).state === 'stopped');
  expect(await knock(externalIp!, cluster.apiPort)).toBe('silence');
  await provider.machines.start(first);
  await ready(first);
});

test('a machine that reboots by itself keeps its address and its disk', async () => {
  const { externalIp } = await machine(first);
  const boot = await run(
    first,
    'cat /proc/sys/kernel/random/boot_id; systemctl show -P UserspaceTimestampMonotonic',
  );
  await run(first, 'systemctl reboot --force || true').catch(() => {}); // it may take the connection with it
  await until('the machine to have rebooted', async () => {
    const now = await run(
      first,
      'cat /proc/sys/kernel/random/boot_id; systemctl show -P UserspaceTimestampMonotonic',
    );
    return now !== boot;
  });
  expect((await machine(first)).externalIp).toBe(externalIp);
  await ready(first);
  expect(await run(first, 'wc -l < /root/boot-script-ran')).toBe('1');
});

test('only SSH and the API come in from outside, only the API and etcd’s peers go between machines, nothing goes out', async () => {
  await run(
    first,
    'systemd-run --quiet --unit=other openssl s_server -accept 8443 -key /root/key.pem -cert /root/cert.pem -quiet',
  );
  const { externalIp, internalIp } = await machine(first);
  expect(await knock(externalIp!, 22)).toBe('connected');
  expect(await knock(externalIp!, 8443)).toBe('silence');
  expect(await run(second, `curl -sk --max-time 2 https://${internalIp}:8443/ || echo $?`)).toBe('28');
  const operator = await run(second, 'echo $SSH_CLIENT');
  expect(await run(second, `curl -s --max-time 2 http://${operator.split(' ')[0]}:22/ || echo $?`)).toBe(
    '28',
  );
});

test('the address moves between machines under load without one failed request', async () => {
  await provider.address.handOver({ kind: 'machine', name: first });
  let stop = false;
  const failures: string[] = [];
  const seen = new Set<string>();
  const client = async () => {
    while (!stop) {
      const answer = await world
        .get(api, cluster.apiPort, '/readyz')
        .catch((error) => failures.push(String(error)));
      if (typeof answer === 'object') seen.add(answer.body);
    }
  };
  const clients = [client(), client()];
  for (let move = 0; move < 10; move++) {
    await provider.address.handOver({ kind: 'machine', name: move % 2 === 0 ? second : first });
    await delay(50); // requests under each owner, not only during the moves
  }
  stop = true;
  await Promise.all(clients);
  expect(failures).toEqual([]);
  expect([...seen].sort()).toEqual([first, second]);
});

test('a balancer’s drained target keeps its open connections and gets no new one', async () => {
  await provider.balancer.ensure(await provider.zones());
  await provider.balancer.setTargets([first]);
  await provider.address.handOver({ kind: 'balancer' });
  const stream = await openStream(api, cluster.apiPort);
  await provider.balancer.setTargets([second, third]);
  const before = stream.received();
  await until('the stream to go on', async () => stream.received() > before + 3);
  expect(stream.state()).toBe('open');
  for (let request = 0; request < 10; request++) expect(await answers(api, 2000)).not.toBe(first);
  await provider.balancer.setTargets(names);
  expect((await provider.balancer.read())?.targets).toHaveLength(3);
  stream.close();
});

test.each<[FaultKind, FaultKind]>([
  ['power-off', 'power-on'],
  ['freeze', 'thaw'],
  ['isolate', 'heal'],
])('with one of three targets hit by %s, no connection begun after that fails', async (hit, mend) => {
  await until('three healthy targets', async () => (await healthy()).length === 3);
  let stop = false;
  let counting = false;
  let counted = 0;
  const failures: string[] = [];
  const client = async () => {
    while (!stop) {
      const counts = counting;
      if (counts) counted++;
      // As an API client would: far longer than the balancer takes to try another target.
      const call = world.get(api, cluster.apiPort, '/readyz', 10_000);
      await Promise.all([call.catch((error) => counts && failures.push(String(error))), delay(20)]);
    }
  };
  const clients = [client(), client(), client()];
  await fault(hit, third);
  // What was under way at the fault may hang, as in a cloud. A frozen target accepts connections: until the balancer has
  // noticed, those hang as well.
  counting = hit !== 'freeze';
  await until('the balancer to notice', async () => !(await healthy()).includes(third));
  counting = true;
  const noticed = counted;
  await until('requests after that', async () => counted > noticed + 20);
  await fault(mend, third);
  await ready(third);
  stop = true;
  await Promise.all(clients);
  expect(failures).toEqual([]);
});

test('a balancer whose process died is not complete, and ensure brings it back with its targets', async () => {
  const { balancerNamespace } = await import('../../src/providers/local/names.ts');
  const { clusterKey } = await import('../../src/providers/local/paths.ts');
  const { exec } = await import('../../src/util/exec.ts');
  const pids = await exec('ip', ['netns', 'pids', balancerNamespace(clusterKey(cluster))]);
  for (const pid of pids.trim().split('\n')) process.kill(Number(pid), 'SIGKILL');
  await until(
    'the balancer to be incomplete',
    async () => (await provider.balancer.read())?.complete === false,
  );
  expect(await answers(api)).toBeNull();
  await provider.balancer.ensure(await provider.zones());
  expect((await provider.balancer.read())?.complete).toBe(true);
  await until('an answer', async () => (await answers(api)) !== null);
  await until('three healthy targets', async () => (await healthy()).length === 3);
});

test('after the host has rebooted everything is stopped, and ensure and start bring it back as it was', async () => {
  await run(second, 'echo before-the-reboot > /root/kept && sync /root/kept');
  const address = await provider.address.read();
  const before = await provider.machines.list();
  await loseWhatARebootLoses(cluster);
  const after = world.open(cluster);
  expect(await after.network.ready()).toBe(false);
  expect((await after.machines.list()).map(({ name, state }) => `${name} ${state}`)).toEqual(
    names.map((name) => `${name} stopped`),
  );
  expect(await after.address.read()).toEqual(address);
  expect(await after.balancer.read()).toMatchObject({ complete: false });
  await after.network.ensure();
  expect(await after.network.ready()).toBe(true);
  await Promise.all(names.map((name) => after.machines.start(name)));
  await after.balancer.ensure(await after.zones());
  expect((await after.machines.list()).map((each) => each.internalIp)).toEqual(
    before.map((each) => each.internalIp),
  );
  expect(await after.address.read()).toEqual(address);
  await until('an answer on the API address', async () => (await answers(api)) !== null);
  expect(await run(second, 'cat /root/kept')).toBe('before-the-reboot');
});

test('when only the network is lost, ensure plugs the running machines in again', async () => {
  const { deleteFabric } = await import('../../src/providers/local/fabric/fabric.ts');
  const { clusterKey } = await import('../../src/providers/local/paths.ts');
  await deleteFabric(clusterKey(cluster));
  expect(await provider.network.ready()).toBe(false);
  await provider.network.ensure();
  await provider.balancer.ensure(await provider.zones());
  expect(await provider.network.ready()).toBe(true);
  expect((await provider.machines.list()).every((each) => each.state === 'running')).toBe(true);
  await Promise.all(names.map(ready));
  await until('an answer on the API address', async () => (await answers(api)) !== null);
});

test('a machine whose disk was wiped runs, and nothing of it is left', async () => {
  const { internalIp } = await machine(third);
  await fault('wipe-disk', third);
  const wiped = await machine(third);
  expect(wiped).toMatchObject({ state: 'running', internalIp });
  await until('its sshd to listen', async () => (await knock(wiped.sshHost!, 22)) === 'connected');
  expect(await knock(wiped.externalIp!, cluster.apiPort)).toBe('ECONNREFUSED');
});

test('a frozen machine is deleted like any other, and leaves the balancer', async () => {
  await fault('freeze', second);
  await provider.machines.delete(second);
  expect((await provider.machines.list()).map((each) => each.name)).toEqual([first, third]);
  const targets = (await provider.balancer.read())?.targets ?? [];
  expect(targets.map((target) => target.replica)).toEqual([first, third]);
  const rest = (await world.inventory(cluster)).filter((line) => line.includes(second));
  expect(rest).toEqual([]);
});

test('faults of a machine that does not exist, and freezing one that is off, are refused', async () => {
  await expect(fault('power-off', 'lp-none')).rejects.toMatchObject({ kind: 'not-found' });
  await fault('power-off', first);
  await expect(fault('freeze', first)).rejects.toMatchObject({ kind: 'conflict' });
  await expect(provider.address.handOver({ kind: 'machine', name: first })).rejects.toMatchObject({
    kind: 'conflict',
  });
});

test('names that could escape into a path, a shell or a rule are refused, and nothing is made', async () => {
  for (const name of [
    '..',
    '../x',
    'a/b',
    'a b',
    'A',
    '-a',
    'a-',
    '',
    'a;b',
    '$(x)',
    'a\nb',
    'x'.repeat(64),
  ]) {
    const request = {
      name,
      role: 'master',
      zone: cluster.zone,
      bootScript: '#!/bin/sh\n',
      requestToken: 't',
    } as const;
    await expect(provider.machines.create(request)).rejects.toThrow(ProviderError);
    await expect(provider.machines.delete(name)).rejects.toMatchObject({ kind: 'invalid' });
    await expect(fault('power-off', name)).rejects.toMatchObject({ kind: 'invalid' });
    expect(() => world.open({ ...cluster, name })).toThrow(ProviderError);
  }
  expect((await provider.machines.list()).map((each) => each.name)).toEqual([first, third]);
});
