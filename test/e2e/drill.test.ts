import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { unseal } from '../../src/drill/seal.ts';
import { waitFor } from '../../src/util/wait.ts';
import { useClusters } from './support/clusters.ts';
import { E2E_HOME, haup, startHaup, status, tryHaup } from './support/haup.ts';

/** A drill of a cluster that runs something. Of masters alone: faults.test.ts. */
const CLUSTER = 'e2e-drill';
const on = ['-c', CLUSTER];
useClusters(CLUSTER);

beforeAll(async () => {
  const zones = 'local-a,local-b,local-c';
  await haup('create', ...on, '--multizone', '--zones', zones, '--nodes', '3', '--node-zones', zones);
});

test('pods behind a Service are asked while masters die, and a zone dies with its nodes', async () => {
  const page = join(E2E_HOME, 'drill-nodes.html');
  const file = page.replace('.html', '.json');
  const acts = ['--acts', 'leader-power,zone', '--for', '4s', '--goal', 'leader-power:failed-workload=0'];
  const ended = await tryHaup(['drill', ...on, ...acts, '--yes', '--report', page]);
  expect([ended.code, ended.code === 0 ? '' : ended.stdout + ended.stderr]).toEqual([0, '']);
  const { log, figures } = unseal(await readFile(file, 'utf8'));
  process.stdout.write(`figure: a drill with nodes took ${Math.round(log.ms / 1000)} s:\n${ended.stdout}`);
  const nodes = log.nodes!.map(({ name }) => name);
  expect(nodes).toHaveLength(3);
  const [leader, zone] = log.acts;
  expect(leader!.wounds).toHaveLength(1);
  expect(zone!.wounds.filter(({ machine }) => nodes.includes(machine!))).toHaveLength(1);
  expect(zone!.wounds.filter(({ machine }) => !nodes.includes(machine!))).toHaveLength(1);
  // Whom the masters' death concerns is not whoever uses the pods.
  expect(figures[0]!.clients.workload).toMatchObject({ failures: 0 });
  expect(figures[0]!.clients.workload!.requests).toBeGreaterThan(40);
  // One of the two pods may have lost its power with its node: then not all were answered.
  const { failures, requests } = figures[1]!.clients.workload!;
  expect(failures).toBeLessThan(requests);
  expect(figures[1]!.recoverySeconds).not.toBeNull();
  const after = await status(CLUSTER);
  expect(after).toMatchObject({ converged: true, unfinished: [], etcd: { healthy: 3 } });
  expect(after.nodes.map(({ ready }) => ready)).toEqual(['ready', 'ready', 'ready']);
  await Promise.all([page, file].map((path) => rm(path)));
});

test('a drill that is killed while a zone is off is undone by repair, nodes and all', async () => {
  const drill = startHaup(['drill', ...on, '--acts', 'zone', '--for', '10m', '--yes']);
  await drill.shows(/start \S+-node-\S+ again after the drill/);
  await waitFor(
    async () => (await status(CLUSTER)).nodes.some(({ machine }) => machine === 'stopped') || undefined,
    { what: 'a node to be off', timeoutMs: 120_000 },
  );
  drill.child.kill('SIGKILL');
  await drill.ended;
  const { unfinished } = await status(CLUSTER);
  expect(unfinished.filter((step) => /^start \S+ again after the drill$/.test(step))).toHaveLength(2);
  await haup('repair', ...on);
  const after = await status(CLUSTER);
  expect(after).toMatchObject({ converged: true, unfinished: [], etcd: { healthy: 3 } });
  expect(after.nodes.map(({ machine }) => machine)).toEqual(['running', 'running', 'running']);
});
