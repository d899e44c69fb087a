import { afterAll, beforeAll, expect, test } from 'vitest';
import { execIn } from '../../src/providers/local/fabric/netns.ts';
import { fabricNamespace } from '../../src/providers/local/names.ts';
import { clusterKey } from '../../src/providers/local/paths.ts';
import { readRoutes, writeRoutes } from '../../src/providers/local/state.ts';
import type {
  ClusterIdentity,
  FaultKind,
  Machine,
  MachineRole,
  Provider,
} from '../../src/providers/provider.ts';
import { formatIp, parseCidr } from '../../src/util/ipv4.ts';
import { waitFor } from '../../src/util/wait.ts';
import { loseWhatARebootLoses } from '../support/host-reboot.ts';
import type { ContractWorld } from './support/contract-world.ts';
import { leaveNothing } from './support/leave-nothing.ts';
import { localWorld } from './support/local-world.ts';
import { knock, openStream } from './support/stream.ts';

/** Pods' and Services' addresses, which stand on the nodes' loopback here: what kube-proxy and the CNI plugins do is not haup's. */
let world: ContractWorld;
let cluster: ClusterIdentity;
let provider: Provider;
const ROLES: Readonly<Record<string, MachineRole>> = {
  'lp-m1': 'master',
  'lp-m2': 'master',
  'lp-n1': 'node',
  'lp-n2': 'node',
};
const podOf: Readonly<Record<string, string>> = { 'lp-n1': '10.200.1.5', 'lp-n2': '10.200.2.5' };
const nodes = Object.keys(podOf);

const machine = async (name: string): Promise<Machine> =>
  (await provider.machines.list()).find((each) => each.name === name)!;
const run = async (name: string, command: string) => (await world.run(await machine(name), command)).trim();
const fault = (kind: FaultKind, name: string) => provider.fault!(kind, name);
const until = (what: string, look: () => Promise<boolean>) =>
  waitFor(async () => (await look()) || undefined, { what, timeoutMs: 60_000 });
/** Who answers there; or curl's exit code: 28 is silence. */
const ask = (from: string, ip: string, port = 443, more = '') =>
  run(from, `curl -sk --max-time 2 ${more} https://${ip}:${port}/readyz || echo $?`);
const service = async () => formatIp(parseCidr(await provider.services!.range()).first + 8);
const whoServes = async () =>
  (await world.get(await service(), cluster.apiPort, '/readyz', 1000).catch(() => null))?.body ?? null;

/** The program and the addresses that are not there any more after a boot. */
async function giveAddresses(name: string): Promise<void> {
  const pod = podOf[name];
  if (pod) await run(name, `ip addr replace ${pod}/32 dev lo; ip addr replace ${await service()}/32 dev lo`);
  const { externalIp } = await machine(name);
  const answers = async () => (await world.get(externalIp!, 443, '/readyz', 500).catch(() => null)) !== null;
  await until(`${name} to answer`, answers);
}

beforeAll(async () => {
  world = await localWorld('lp-routes');
  cluster = world.newCluster();
  provider = world.open(cluster);
  await provider.network.ensure();
  await provider.address.reserve();
  await Promise.all(
    Object.entries(ROLES).map(async ([name, role]) => {
      const bootScript = await world.bootScript(cluster, name);
      const zone = name.endsWith('1') ? 'local-a' : 'local-b';
      await provider.machines.create({ name, role, zone, bootScript, requestToken: name });
      await giveAddresses(name);
    }),
  );
});

afterAll(() => leaveNothing(world, cluster));

test('without a route pods are silent, and so is a Service without nodes', async () => {
  expect(await ask('lp-m1', podOf['lp-n1']!)).toBe('28');
  expect(await whoServes()).toBeNull();
});

test('with routes, masters and pods reach pods, under their own addresses', async () => {
  for (const name of nodes) {
    const destination = podOf[name]!.replace(/\d+$/, '0/24');
    await provider.network.routes.ensure({ destination, machine: name });
  }
  expect(await ask('lp-m1', podOf['lp-n1']!)).toBe('lp-n1');
  expect(await ask('lp-m1', podOf['lp-n2']!)).toBe('lp-n2');
  expect(await ask('lp-n1', podOf['lp-n2']!, 443, `--interface ${podOf['lp-n1']}`)).toBe('lp-n2');
  await run(
    'lp-n1',
    `systemd-run --quiet curl -sk -o /dev/null --interface ${podOf['lp-n1']} https://${podOf['lp-n2']}/stream`,
  );
  await until('the connection with both pods’ own addresses', async () =>
    (await run('lp-n2', 'ss -Htn state established')).includes(`${podOf['lp-n1']}:`),
  );
});

test('API servers reach kubelets; etcd’s peers are masters alone; from outside neither pods nor other ports are reached', async () => {
  const serve = async (name: string, port: number) => {
    const server = `openssl s_server -accept ${port} -key /root/key.pem -cert /root/cert.pem -www`;
    await run(name, `systemd-run --quiet --unit=port-${port} ${server}`);
    await until('the port', async () => (await run(name, `ss -Hltn sport = :${port}`)) !== '');
  };
  await Promise.all([serve('lp-n1', 10_250), serve('lp-m2', 2380), serve('lp-m2', 10_250)]);
  const reached = async (from: string, to: string, port: number) => {
    const { internalIp } = await machine(to);
    const command = `curl -sk -o /dev/null --max-time 2 https://${internalIp}:${port}/; echo $?`;
    return (await run(from, command)) === '0';
  };
  expect(await reached('lp-m1', 'lp-n1', 10_250)).toBe(true);
  expect(await reached('lp-n2', 'lp-n1', 10_250)).toBe(true);
  expect(await reached('lp-m1', 'lp-m2', 2380)).toBe(true);
  expect(await reached('lp-n1', 'lp-m2', 2380)).toBe(false);
  expect(await reached('lp-n1', 'lp-m2', 443)).toBe(true);
  expect(await reached('lp-m1', 'lp-m2', 10_250)).toBe(false);
  const { externalIp } = await machine('lp-n1');
  expect(await knock(externalIp!, 10_250, 500)).toBe('silence');
});

test('a Service’s address is answered by all its nodes, and only by those', async () => {
  await expect(provider.services!.setNodes(['lp-n1', 'lp-none'])).rejects.toMatchObject({
    kind: 'not-found',
  });
  expect(await provider.services!.nodes()).toEqual([]);
  await provider.services!.setNodes(['lp-n2', 'lp-n1']);
  expect(await world.open(cluster).services!.nodes()).toEqual(nodes);
  const seen = new Set<string | null>();
  await until('both nodes to answer', async () => {
    seen.add(await whoServes());
    return seen.size === 2;
  });
  expect([...seen].sort()).toEqual(nodes);
  expect(nodes).toContain(await ask('lp-m1', await service()));
});

test('routes that a run wrote down and did not live to put in force are found out, and mended', async () => {
  const key = clusterKey(cluster);
  expect(await provider.network.ready()).toBe(true);
  await writeRoutes(key, { ...(await readRoutes(key))!, pending: true });
  await execIn(fabricNamespace(key), ['ip', 'route', 'delete', podOf['lp-n1']!.replace(/\d+$/, '0/24')]);
  expect(await ask('lp-m1', podOf['lp-n1']!)).toBe('28');
  expect(await provider.network.ready()).toBe(false);
  await provider.network.ensure();
  expect(await provider.network.ready()).toBe(true);
  expect(await ask('lp-m1', podOf['lp-n1']!)).toBe('lp-n1');
  expect(nodes).toContain(await ask('lp-m1', await service()));
});

test('the next change of routes puts in force all that one before did not live to', async () => {
  const key = clusterKey(cluster);
  const members = async () => {
    const groups = await execIn(fabricNamespace(key), ['ip', 'nexthop', 'show', 'groups']);
    return / group (\S+)/.exec(groups)?.[1]?.split('/').length;
  };
  expect(await members()).toBe(2);
  await writeRoutes(key, { ...(await readRoutes(key))!, services: ['lp-n1'], pending: true });
  const destination = podOf['lp-n1']!.replace(/\d+$/, '0/24');
  await provider.network.routes.ensure({ destination, machine: 'lp-n1' });
  expect([await members(), await provider.network.ready()]).toEqual([1, true]);
  await provider.services!.setNodes(nodes);
  expect(await members()).toBe(2);
});

test('open connections stay with their node when another leaves, and when it comes back', async () => {
  const streams = await Promise.all(
    Array.from({ length: 6 }, async () => openStream(await service(), cluster.apiPort)),
  );
  await provider.services!.setNodes(['lp-n1']);
  for (let request = 0; request < 10; request++) expect(await whoServes()).toBe('lp-n1');
  await provider.services!.setNodes(nodes);
  const kept = streams.filter((stream) => stream.state() === 'open');
  const before = kept.map((stream) => stream.received());
  // The node that left takes its own along; those of the other go on.
  await until('a stream to go on', async () =>
    kept.some((stream, index) => stream.received() > before[index]! + 3),
  );
  for (const stream of streams) stream.close();
});

test('a node without power gets no connection; with power its routes are back', async () => {
  await fault('power-off', 'lp-n2');
  for (let request = 0; request < 10; request++) expect(await whoServes()).toBe('lp-n1');
  expect(await ask('lp-m1', podOf['lp-n2']!)).toBe('28');
  expect(await provider.network.routes.list()).toHaveLength(2);
  await fault('power-on', 'lp-n2');
  await giveAddresses('lp-n2');
  expect(await ask('lp-m1', podOf['lp-n2']!)).toBe('lp-n2');
  await until('it to serve again', async () => (await whoServes()) === 'lp-n2');
});

test('an isolated node is silent on its pods’ and Services’ addresses as well', async () => {
  await provider.services!.setNodes(['lp-n2']);
  const stream = await openStream(await service(), cluster.apiPort);
  await fault('isolate', 'lp-n2');
  expect(await ask('lp-m1', podOf['lp-n2']!)).toBe('28');
  expect(await whoServes()).toBeNull();
  const received = stream.received();
  expect(await knock(await service(), cluster.apiPort, 500)).toBe('silence');
  expect(stream.received()).toBe(received);
  await fault('heal', 'lp-n2');
  await until('the stream to go on', async () => stream.received() > received);
  stream.close();
});

test('after the host has rebooted, ensure and start bring the routes back', async () => {
  await loseWhatARebootLoses(cluster);
  const after = world.open(cluster);
  await after.network.ensure();
  await Promise.all(Object.keys(ROLES).map((name) => after.machines.start(name)));
  await Promise.all(Object.keys(ROLES).map(giveAddresses));
  expect(await ask('lp-m1', podOf['lp-n1']!)).toBe('lp-n1');
  await until('the Service to answer', async () => (await whoServes()) === 'lp-n2');
});

test('what led to a deleted node goes with it', async () => {
  await provider.machines.delete('lp-n2');
  expect(await provider.services!.nodes()).toEqual([]);
  expect(await provider.network.routes.list()).toEqual([{ destination: '10.200.1.0/24', machine: 'lp-n1' }]);
  expect(await whoServes()).toBeNull();
  await provider.network.routes.delete('10.200.1.0/24');
  expect(await ask('lp-m1', podOf['lp-n1']!)).toBe('28');
});
