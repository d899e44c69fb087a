import { cp, rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newConnections, summarize } from '../../src/drill/clients/load.ts';
import { type ApiClient, callApi } from '../../src/kubernetes/client.ts';
import { whole } from '../support/whole.ts';
import { behindTheBack } from './support/cloud.ts';
import { adminOf, useClusters } from './support/clusters.ts';
import { E2E_HOME, type Ended, events, haup, startHaup, status, tryHaup } from './support/haup.ts';
import { onMachine } from './support/inside.ts';

/**
 * One cluster that loses its replicas in one way after the other. `haup replace-replica` is all that ever helps it. Copies of its store that
 * were made before are old afterwards.
 */
const CLUSTER = 'e2e-replace';
const on = ['-c', CLUSTER];
useClusters(CLUSTER);

/** Of the store with one replica, and with three. */
const copies = [`${E2E_HOME}-old-1`, `${E2E_HOME}-old-2`] as const;
const forgetCopies = () => Promise.all(copies.map((copy) => rm(copy, { recursive: true, force: true })));
beforeAll(forgetCopies);
afterAll(forgetCopies);

let api: ApiClient;
let keepsakes = 0;

beforeAll(async () => {
  await haup('create', ...on, '--zone', 'local-a', '--multizone');
  api = await adminOf(CLUSTER);
  await remember();
});

/** Leaves something that every later state of the cluster must still know. */
async function remember(): Promise<void> {
  const body = { metadata: { name: `keepsake-${++keepsakes}` } };
  const made = await callApi(api, { method: 'POST', path: '/api/v1/namespaces', body, timeoutMs: 10_000 });
  expect(made.status).toBe(201);
}

async function expectNothingForgotten(): Promise<void> {
  const list = await callApi(api, { path: '/api/v1/namespaces', timeoutMs: 10_000 });
  for (let n = 1; n <= keepsakes; n++) expect(list.text).toContain(`"keepsake-${n}"`);
}

/** Nobody wants to lose the leader each time: an election is not what is tried here. */
async function follower(zone: string): Promise<string> {
  const { replicas } = await status(CLUSTER);
  return replicas.find((replica) => replica.zone === zone)!.name;
}

async function replace(...names: string[]): Promise<Ended> {
  const ended = await tryHaup(['replace-replica', ...on, ...names, '--log-format', 'json']);
  expect([ended.code, ended.code === 0 ? '' : ended.stderr]).toEqual([0, '']);
  return ended;
}

/** The kinds of the steps that finished, in that order. */
function steps(ended: Ended): string[] {
  return events(ended)
    .filter((event) => event.type === 'step-finished')
    .map((event) => event.step!.kind);
}

function diagnosisOf(name: string, ended: Ended): string {
  const event = events(ended).find((e) => e.type === 'progress' && e.topic === `diagnosis ${name}`);
  return String(event?.message);
}

/** All three are there, in the zones that they were in, without those that were replaced. */
async function expectThreeWithout(...gone: string[]): Promise<void> {
  const now = await status(CLUSTER);
  expect(now).toMatchObject({
    converged: true,
    warnings: [],
    etcd: { voters: 3, learners: 0, healthy: 3, failuresTolerated: 1 },
    apiAddress: { ip: api.ip, holder: { kind: 'balancer' } },
  });
  expect(now.replicas.map((replica) => replica.zone).sort()).toEqual(['local-a', 'local-b', 'local-c']);
  expect(now.replicas.map((replica) => replica.apiServer)).toEqual(['ready', 'ready', 'ready']);
  for (const name of gone) expect(JSON.stringify(now)).not.toContain(`"${name}"`);
  await expectNothingForgotten();
  await remember();
}

/** The successor's machine is ready before etcd is touched; the dead member leaves before the new one comes. */
const DEAD_FIRST = ['create-machine', 'provision', 'remove-member', 'add-learner', 'start-etcd', 'promote'];
/** One that is alive serves until its successor does. */
const NEW_FIRST = ['create-machine', 'provision', 'add-learner', 'start-etcd', 'promote', 'remove-member'];

function expectOrder(ended: Ended, order: readonly string[]): void {
  expect(steps(ended).filter((kind) => order.includes(kind))).toEqual(order);
  expect(steps(ended).at(-1)).toMatch(/set-targets|delete-machine|start-control-plane/);
}

describe('haup replace-replica', () => {
  test('replaces the only one of a cluster: the address goes straight from old to new, and nobody notices', async () => {
    await cp(E2E_HOME, copies[0], { recursive: true });
    const load = newConnections(api, { hz: 20 });
    const ended = await replace(`${CLUSTER}-master`);
    expect(summarize(await load.stop()).failures).toEqual([]);
    expect(diagnosisOf(`${CLUSTER}-master`, ended)).toContain('it is healthy');
    expect(steps(ended)).not.toContain('ensure-balancer');
    expect(steps(ended).filter((kind) => kind === 'hand-over')).toHaveLength(1);
    const now = await status(CLUSTER);
    expect(now).toMatchObject({ converged: true, loadBalancer: null, etcd: { voters: 1, healthy: 1 } });
    expect(now.replicas.map((replica) => replica.name)).not.toContain(`${CLUSTER}-master`);
    expect(now.apiAddress).toMatchObject({
      ip: api.ip,
      holder: { kind: 'machine', name: now.replicas[0]!.name },
    });
    await expectNothingForgotten();
  });

  test('is not undone by an older copy of the store, which knows the replica that has left, and not the one that has come', async () => {
    const before = await status(CLUSTER);
    const repair = await tryHaup(['repair', ...on], { home: copies[0] });
    expect(repair).toMatchObject({ code: 3, stderr: expect.stringContaining('older copy') });
    expect(repair.stderr).toContain(before.replicas[0]!.name);
    expect(await status(CLUSTER)).toMatchObject({ converged: true, replicas: before.replicas });
  });

  test('replaces a healthy one of three, which serves until its successor does, and nobody notices', async () => {
    await haup('add-replica', ...on, '--zones', 'local-b,local-c');
    const name = await follower('local-a'); // the leader: it hands its leadership over first
    const load = newConnections(api, { hz: 20 });
    const ended = await replace(name);
    expect(summarize(await load.stop()).failures).toEqual([]);
    expectOrder(ended, NEW_FIRST);
    expect(steps(ended)).toContain('move-leader');
    expect(diagnosisOf(name, ended)).toContain('it is healthy');
    await expectThreeWithout(name);
  });

  test('replaces one whose machine was deleted behind its back', async () => {
    const name = await follower('local-b');
    await behindTheBack(CLUSTER, (cloud) => cloud.machines.delete(name));
    const ended = await replace(name);
    expect(diagnosisOf(name, ended)).toContain('its machine is gone');
    expectOrder(ended, DEAD_FIRST);
    await expectThreeWithout(name);
  });

  test.each([
    { fault: 'power-off', zone: 'local-c', says: 'its machine is stopped' },
    { fault: 'freeze', zone: 'local-b', says: 'hangs' },
    { fault: 'isolate', zone: 'local-c', says: 'cut off' },
    // CI has runbooks.test.ts for it.
    ...(whole
      ? [
          {
            fault: 'wipe-disk',
            zone: 'local-b',
            says: 'another SSH host key: its disk has been emptied',
          },
        ]
      : []),
  ])('replaces one after $fault, and says what is wrong with it', async ({ fault, zone, says }) => {
    const name = await follower(zone);
    await haup('fault', ...on, fault, name);
    const ended = await replace(name);
    expect(diagnosisOf(name, ended)).toContain(says);
    expectOrder(ended, DEAD_FIRST);
    await expectThreeWithout(name);
  });

  test('replaces two at once: one whose etcd cannot read its data any more, one whose API server alone is broken', async () => {
    const corrupt = await follower('local-c');
    const crippled = await follower('local-b');
    await onMachine(
      CLUSTER,
      corrupt,
      `systemctl kill -s KILL etcd
       dd if=/dev/urandom of=/var/lib/haup/etcd/member/snap/db bs=4096 count=8 conv=notrunc`,
    );
    await onMachine(CLUSTER, crippled, breakUnit('kube-apiserver'));
    const ended = await replace(corrupt, crippled);
    expect(diagnosisOf(corrupt, ended)).toContain('etcd does not run');
    expect(diagnosisOf(crippled, ended)).toContain('its API server is not ready');
    const removals = steps(ended).flatMap((kind, index) => (kind === 'remove-member' ? [index] : []));
    expect(removals).toHaveLength(2);
    expect(removals[0]).toBeLessThan(steps(ended).indexOf('add-learner'));
    expect(removals[1]).toBeGreaterThan(steps(ended).lastIndexOf('promote'));
    await expectThreeWithout(corrupt, crippled);
  });

  test('replaces a newcomer whose member never started, and its predecessor leaves as it was to', async () => {
    const name = await follower('local-c');
    const run = startHaup(['replace-replica', ...on, name, '--log-format', 'json']);
    await run.shows(/"step-finished","step":\{"kind":"add-learner"/);
    run.child.kill('SIGKILL');
    await run.ended;
    const newcomer = (await status(CLUSTER)).replicas.find((r) => r.etcd.role === 'unstarted')!.name;
    await onMachine(CLUSTER, newcomer, breakUnit('etcd'));
    const ended = await replace(newcomer);
    expect(diagnosisOf(newcomer, ended)).toContain('never started');
    await expectThreeWithout(name, newcomer);
  });
});

test('an older copy of the store that knows all names there are is recognised by its revision, and changes nothing', async () => {
  await cp(E2E_HOME, copies[1], { recursive: true });
  await haup('add-node', ...on, '--zone', 'local-a', '--dry-run'); // changes nothing, so it ages no copy
  await haup('remove-replica', ...on, await follower('local-c'));
  const before = await status(CLUSTER);
  const repair = await tryHaup(['repair', ...on], { home: copies[1] });
  expect(repair).toMatchObject({ code: 3, stderr: expect.stringMatching(/older copy .* revision \d+/) });
  const { converged, etcd, replicas } = await status(CLUSTER);
  expect(converged).toBe(true);
  expect([etcd.voters, replicas]).toEqual([2, before.replicas]);
});

/** A unit that ends whenever it is started. */
function breakUnit(name: string): string {
  return `mkdir -p /etc/systemd/system/${name}.service.d
    printf '[Service]\\nExecStart=\\nExecStart=/bin/false\\n' >/etc/systemd/system/${name}.service.d/broken.conf
    systemctl daemon-reload; systemctl kill -s KILL ${name}; true`;
}
