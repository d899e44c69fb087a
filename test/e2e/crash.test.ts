import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { openLoop, type Sample } from '../../src/drill/clients/load.ts';
import { type ApiClient, callApi, isReady } from '../../src/kubernetes/client.ts';
import { balancerNamespace, fabricNamespace, machineNamespace } from '../../src/providers/local/names.ts';
import { machinesFolder } from '../../src/providers/local/paths.ts';
import { seeded } from '../support/seeded.ts';
import { whole } from '../support/whole.ts';
import { adminOf, useClusters } from './support/clusters.ts';
import { documentFile } from './support/document.ts';
import { E2E_HOME, haup, status, tryHaup } from './support/haup.ts';
import { hostState } from './support/host.ts';
import { clusterKey } from './support/inside.ts';
import { killedAfter, killedAfterSteps, type Leg, unharmed } from './support/relay.ts';

/**
 * haup is killed while real machines change, and finished by `haup repair`, which is killed as well. Every boundary of
 * a step from a fresh state runs in the model, and here with HAUP_CRASH_FULL=1.
 */
const CLUSTER = 'e2e-crash';
/** More boundaries than any of these operations has: a repair that gets nowhere must not go on for ever. */
const MANY = 40;
const full = process.env.HAUP_CRASH_FULL === '1';

useClusters(CLUSTER);

const on = ['-c', CLUSTER];
const repair = ['repair', ...on];
const grow = ['add-replica', ...on, '--zones', 'local-b,local-c'];
const shrink = ['remove-replica', ...on, '--count', '2'];
const operations = [
  { name: 'from one replica to three', replicas: 3, kills: 3, args: async () => grow },
  { name: 'the replacement of the first of three', replicas: 3, kills: 4, args: replaceFirst },
  { name: 'another argument on all three', replicas: 3, kills: 4, args: anotherArgument, rolls: true },
  { name: 'from three replicas to one', replicas: 1, kills: 3, args: async () => shrink },
];

let api: ApiClient;
let made = 0;

beforeAll(async () => {
  await haup('create', ...on, '--zone', 'local-a', '--multizone');
  api = await adminOf(CLUSTER);
});

describe('killed with SIGKILL at every boundary of a step in turn, and repaired under the same fire', () => {
  for (const { name, replicas, args, rolls = false } of operations) {
    test.runIf(whole || !rolls)(
      `${name} is finished, nothing leaks, and the API answers throughout`,
      async () => {
        const first = await args();
        const boundaries = await underWatch(replicas, async () => {
          const legs = [await killedAfterSteps(first)];
          while (legs.at(-1)!.killed && legs.length < MANY) legs.push(await killedAfterSteps(repair));
          return legs;
        });
        // Each newcomer and each leaver takes four steps at the least; what runs side by side may cross two at once.
        expect(boundaries.filter((leg) => leg.killed).length).toBeGreaterThan(3);
      },
    );
  }
});

describe('killed inside its steps, at seeded moments', () => {
  const random = seeded(20_261_121);
  for (const [index, { name, replicas, args, kills }] of operations.entries()) {
    const moments = Array.from({ length: kills }, () => Math.round(100 + random() * 4000));
    test.runIf(whole || index === 0)(
      `${name} is finished, nothing leaks, and the API answers throughout (${moments.join(', ')} ms)`,
      async () => {
        let next: readonly string[] = await args();
        await underWatch(replicas, async () => {
          const legs: Leg[] = [];
          for (const moment of moments) {
            const leg = await killedAfter(next, moment);
            legs.push(leg);
            // Killed before the store knew what was wanted: there is nothing to finish, so it is asked for again.
            if (leg.result.stderr.includes('"step-started"')) next = repair;
          }
          legs.push(await unharmed(next));
          return legs;
        });
      },
    );
  }
});

describe.runIf(full)('killed with SIGKILL at every boundary of a step, each from a fresh state', () => {
  for (const { name, replicas, args } of operations.filter(({ rolls }) => !rolls)) {
    test(`${name} is finished by one repair`, { timeout: 3_600_000 }, async () => {
      for (let boundary = 1; boundary < MANY; boundary++) {
        const back = operations.find((other) => other.name !== name && other.replicas !== replicas);
        if (boundary > 1 && back) await haup(...(await back.args()));
        const legs = await underWatch(replicas, async () => {
          const leg = await killedAfterSteps(await args(), boundary);
          return leg.killed ? [leg, await unharmed(repair)] : [leg];
        });
        if (!legs[0]!.killed) return;
      }
      throw new Error(`${name} has more than ${MANY} steps`);
    });
  }
});

test('and delete leaves nothing behind', async () => {
  expect((await hostState([CLUSTER])).length).toBeGreaterThan(0);
  await haup('delete', ...on, '--yes');
  expect(await hostState([CLUSTER])).toEqual([]);
  expect((await tryHaup(['status', ...on])).code).toBe(6);
});

/** Does it under the eyes of a client that asks for readiness five times a second, and looks at what is there after it. */
async function underWatch(replicas: number, work: () => Promise<Leg[]>): Promise<Leg[]> {
  await remember();
  const client = openLoop(5, async () => {
    await isReady(api, 5000);
  });
  const legs = await work().finally(() => client.stop());
  const last = legs.at(-1)!;
  expect([last.result.code, last.result.code === 0 ? '' : last.result.stderr]).toEqual([0, '']);
  expect(unexplained(await client.stop(), legs)).toEqual([]);
  await expectSettled(replicas);
  return legs;
}

/** A hand-over that was cut off may leave the address with nobody until a later run has come to its end, or been killed. */
function unexplained(samples: readonly Sample[], legs: readonly Leg[]): string[] {
  const excused = (sample: Sample): boolean =>
    legs.some(
      (leg, index) =>
        leg.cutOff.some((step) => step.includes('hand-over')) &&
        sample.ended >= leg.began &&
        sample.began <= (legs[index + 1] ?? leg).ended,
    );
  const began = legs[0]!.began;
  return samples
    .filter((sample) => sample.error !== null && !excused(sample))
    .map((sample) => `${Math.round(sample.began - began)} ms: ${sample.error}`);
}

/** Machines, namespaces, members and targets are those of the spec, what was written is there, and no more is kept than that. */
async function expectSettled(replicas: number): Promise<void> {
  const now = await status(CLUSTER);
  const names = now.replicas.map((replica) => replica.name).sort();
  expect(now).toMatchObject({
    converged: true,
    unfinished: [],
    etcd: { voters: replicas, learners: 0, healthy: replicas },
    apiAddress: { holder: replicas > 1 ? { kind: 'balancer' } : { kind: 'machine', name: names[0] } },
  });
  expect(now.replicas).toEqual(
    names.map(() => expect.objectContaining({ machine: 'running', apiServer: 'ready' })),
  );
  expect(names).toHaveLength(replicas);
  const targets = now.loadBalancer?.targets.map(({ replica, health }) => [replica, health]).sort();
  expect(targets ?? []).toEqual(replicas > 1 ? names.map((name) => [name, 'healthy']) : []);
  await expectOnTheHost(names);

  const answer = await callApi(api, { path: '/api/v1/namespaces', timeoutMs: 10_000 });
  const { items } = JSON.parse(answer.text) as { items: { metadata: { name: string } }[] };
  const kept = items.map((item) => item.metadata.name).filter((name) => name.startsWith('kept-'));
  expect(kept).toHaveLength(made);
}

async function expectOnTheHost(machines: readonly string[]): Promise<void> {
  const key = clusterKey(CLUSTER);
  const balancer = machines.length > 1 ? [balancerNamespace(key)] : [];
  const namespaces = (await readdir('/run/netns')).filter((name) => name.includes(CLUSTER));
  expect(namespaces.sort()).toEqual(
    [fabricNamespace(key), ...balancer, ...machines.map((name) => machineNamespace(key, name))].sort(),
  );
  expect((await readdir(machinesFolder(key))).sort()).toEqual([...machines].sort());
  const secrets = await readdir(join(E2E_HOME, 'clusters', CLUSTER, 'secrets'));
  expect(secrets.filter((name) => name.startsWith('boot-host-key'))).toEqual([]);
}

async function remember(): Promise<void> {
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: `kept-${made}` } };
  const path = '/api/v1/namespaces';
  const answer = await callApi(api, { method: 'POST', path, body, timeoutMs: 10_000 });
  expect(answer.status).toBe(201);
  made += 1;
}

async function replaceFirst(): Promise<string[]> {
  return ['replace-replica', ...on, (await status(CLUSTER)).replicas[0]!.name];
}

let applied = 0;

/** Something that no replica has yet: a roll of all of them. */
async function anotherArgument(): Promise<string[]> {
  const apiServer = { 'max-requests-inflight': `${500 + ++applied}` };
  return ['apply', ...on, '-f', await documentFile({ extraArguments: { apiServer } })];
}
