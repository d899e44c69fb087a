import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Status } from '../../src/cluster/plan/status.ts';
import {
  ask,
  newConnections,
  type OpenLoop,
  openLoop,
  type Sample,
  summarize,
} from '../../src/drill/clients/load.ts';
import { unseal } from '../../src/drill/seal.ts';
import type { ApiClient } from '../../src/kubernetes/client.ts';
import { CHECKED } from '../../src/providers/local/balancer/config.ts';
import { command } from '../../src/providers/local/balancer/runtime.ts';
import { runFolder } from '../../src/providers/local/paths.ts';
import { waitFor } from '../../src/util/wait.ts';
import { clientsFirst } from './support/clients-first.ts';
import { adminOf, useClusters } from './support/clusters.ts';
import { controllerStates } from './support/controllers.ts';
import { type Fault, injectFault } from './support/faults.ts';
import { E2E_HOME, haup, startHaup, status, tryHaup } from './support/haup.ts';
import { clusterKey, mustOnMachine } from './support/inside.ts';
import { CONFIG_MAPS, madeByClients } from './support/many-clients.ts';

const CLUSTER = 'e2e-faults';
useClusters(CLUSTER);
beforeAll(clientsFirst);

describe('three masters in three zones', () => {
  let api: ApiClient;
  const acknowledged = new Set<string>();
  let keys = 0;

  beforeAll(async () => {
    const zones = ['--multizone', '--zones', 'local-a,local-b,local-c'];
    await haup('create', '-c', CLUSTER, '--replicas', '3', ...zones);
    api = await adminOf(CLUSTER);
    const body = { metadata: { name: 'clients' } };
    await ask(api, { method: 'POST', path: '/api/v1/namespaces', body, timeoutMs: 10_000 });
  });

  /** Each write is a request and a connection of its own, begun on time whatever became of those before. */
  function writer(hz: number, timeoutMs: number): OpenLoop {
    return openLoop(hz, async () => {
      const name = `key-${keys++}`;
      const body = { metadata: { name, labels: { set: 'faults' } } };
      await ask(api, { method: 'POST', path: CONFIG_MAPS, body, timeoutMs }, [201]);
      acknowledged.add(name);
    });
  }

  async function leaderAndFollower(): Promise<{ leader: string; follower: string; other: string }> {
    const { replicas } = await status(CLUSTER);
    const leader = replicas.find((r) => r.etcd.role === 'leader')!.name;
    const [follower, other] = replicas.filter((r) => r.name !== leader).map((r) => r.name);
    return { leader, follower: follower!, other: other! };
  }

  /**
   * One fault under writes at 10 Hz and new connections at 50 Hz, until both have been served without a miss for a while, the
   * fault still there; then its cure, after which everything must be well again without help. How long it took is a figure.
   */
  async function hit(
    what: string,
    strike: () => Promise<number>,
    cure: readonly string[],
  ): Promise<{ writes: Aftermath; fresh: Aftermath }> {
    const writes = writer(10, 1000);
    const fresh = newConnections(api, { hz: 50 });
    await Promise.all([steady(writes, 20, 0), steady(fresh, 100, 0)]);
    const moment = await strike();
    const resumed = Promise.allSettled([steady(writes, 30, moment), steady(fresh, 200, moment)]);
    const failed = (await resumed).filter((load) => load.status === 'rejected');
    const [written, connected] = await Promise.all([writes.stop(), fresh.stop()]);
    const met = { writes: aftermath(written, moment), fresh: aftermath(connected, moment) };
    report(what, met);
    await haup(...cure, '-c', CLUSTER);
    await expectRecovery();
    expect(failed.map((load) => String(load.reason))).toEqual([]);
    return met;
  }

  const by = (fault: Fault, replica: string) => () => injectFault(CLUSTER, fault, replica);

  async function expectRecovery(): Promise<void> {
    const began = performance.now();
    const names = await waitFor(async () => namesIfWhole(await status(CLUSTER)), {
      what: 'three masters, all well, all targets',
      timeoutMs: 60_000,
    });
    await Promise.all(
      (['kube-controller-manager', 'kube-scheduler'] as const).map((controller) =>
        waitFor(
          async () => {
            const states = await controllerStates(CLUSTER, names, controller);
            const one = states.filter((state) => state.active).length === 1;
            return (one && states.every((state) => state.running)) || undefined;
          },
          { what: `one active ${controller}, all running`, timeoutMs: 60_000 },
        ),
      ),
    );
    figure(`everything well again ${Math.round(performance.now() - began)} ms after the cure`);
    const there = await madeByClients(api);
    expect([...acknowledged].filter((name) => !there.has(name))).toEqual([]);
  }

  test('new connections are spread over all of them', async () => {
    const socket = join(runFolder(clusterKey(CLUSTER)), 'haproxy.sock');
    const served = async () => {
      const [head = '', ...rows] = (await command(socket, 'show stat')).split('\n');
      const column = head.replace('# ', '').split(',').indexOf('stot');
      const targets = rows
        .map((row) => row.split(','))
        .filter(([name, server]) => name === CHECKED && server !== 'BACKEND');
      return new Map(targets.map((target) => [target[1]!, Number(target[column])]));
    };
    const before = await served();
    for (let n = 0; n < 90; n++) await ask(api, { path: '/version', timeoutMs: 5000 });
    const each = [...(await served())].map(([name, count]) => count - before.get(name)!);
    figure(`90 connections to ${each.join(', ')}`);
    expect(each).toHaveLength(3);
    // 30 each, by chance: less than 10 is as likely as one in a million.
    expect(Math.min(...each)).toBeGreaterThanOrEqual(10);
  });

  test('new connections go on without a failure when a follower is cut off', async () => {
    const { follower } = await leaderAndFollower();
    const { fresh } = await hit('isolate of a follower', by('isolate', follower), [
      'fault',
      'heal',
      follower,
    ]);
    expect(fresh.failures).toEqual([]);
  });

  test('writes resume when the leader is cut off', async () => {
    const { leader } = await leaderAndFollower();
    await hit('isolate of the leader', by('isolate', leader), ['fault', 'heal', leader]);
  });

  test('a frozen follower, which still accepts connections, is found out', async () => {
    const { follower } = await leaderAndFollower();
    await hit('freeze of a follower', by('freeze', follower), ['fault', 'thaw', follower]);
  });

  test('writes resume when the leader freezes', async () => {
    const { leader } = await leaderAndFollower();
    await hit('freeze of the leader', by('freeze', leader), ['fault', 'thaw', leader]);
  });

  test('a drill of two acts shows what clients met, act by act, and that no write was lost', async () => {
    const page = join(E2E_HOME, 'drill.html');
    const acts = ['--acts', 'api-server,freeze', '--for', '3s'];
    const ended = await tryHaup(['drill', '-c', CLUSTER, ...acts, '--yes', '--report', page]);
    expect(ended.code, ended.stderr).toBe(0);
    const file = page.replace('.html', '.json');
    const { log, figures } = unseal(readFileSync(file, 'utf8'));
    figure(`a drill of two acts took ${Math.round(log.ms / 1000)} s:\n${ended.stdout}`);
    expect(log.acts.map(({ act, wellAt }) => [act, wellAt !== null])).toEqual([
      ['api-server', true],
      ['freeze', true],
    ]);
    expect([log.violations, log.unheard]).toEqual([[], 0]);
    for (const { clients } of figures)
      for (const client of Object.values(clients)) expect(client.requests).toBeGreaterThan(0);
    const leaders = new Set(log.moments.flatMap(({ leader }) => leader ?? []));
    expect(leaders.size).toBeGreaterThan(1);
    expect(readFileSync(page, 'utf8')).toContain(`Drill of ${CLUSTER}`);
    expect((await tryHaup(['drill', '--check', file])).stdout).toMatch(/unchanged since/);
    await expectRecovery();
  });

  test('a drill that is killed is undone by repair, before which nothing else is done', async () => {
    const drill = startHaup(['drill', '-c', CLUSTER, '--acts', 'freeze', '--for', '10m', '--yes']);
    await drill.shows(/thaw .* again after the drill/);
    drill.child.kill('SIGKILL');
    await drill.ended;
    expect((await status(CLUSTER)).unfinished.join()).toMatch(/thaw .* again after the drill/);
    expect((await tryHaup(['remove-replica', '-c', CLUSTER, '--count', '1', '--zone', 'local-a'])).code).toBe(
      3,
    );
    await haup('repair', '-c', CLUSTER);
    await expectRecovery();
  });

  test('with a majority cut off nothing is written or read, haup says so, and all recovers when it is healed', async () => {
    const { follower, other } = await leaderAndFollower();
    const writes = writer(4, 10_000);
    const reads = openLoop(4, async () => {
      await ask(api, { path: '/api/v1/namespaces/clients', timeoutMs: 10_000 });
    });
    await Promise.all([steady(writes, 4, 0), steady(reads, 4, 0)]);
    const moment = await injectFault(CLUSTER, 'isolate', follower, other);
    const asked = performance.now();
    const said = await tryHaup(['status', '-c', CLUSTER]);
    const saidAfter = performance.now() - asked;
    const answered = (loop: OpenLoop): number => loop.samples.filter((s) => s.began > moment).length;
    const enough = async (): Promise<true | undefined> =>
      (answered(writes) >= 10 && answered(reads) >= 10) || undefined;
    const what = 'ten writes and ten reads to be answered';
    await waitFor(enough, { what, timeoutMs: 60_000 }).catch(() => {});
    const healing = performance.now();
    await haup('fault', '-c', CLUSTER, 'heal', follower);
    await haup('fault', '-c', CLUSTER, 'heal', other);
    const healed = performance.now();
    await Promise.all([steady(writes, 10, healed), steady(reads, 10, healed)]);
    const [written, read] = await Promise.all([writes.stop(), reads.stop()]);

    const during = (samples: readonly Sample[]): Sample[] =>
      samples.filter((s) => s.began > moment && s.began < healing);
    const first = written.find((s) => s.began > healed && s.error === null)!;
    figure(
      `isolate of a majority: haup status says it after ${Math.round(saidAfter)} ms; writes resumed ${Math.round(first.ended - healed)} ms after it was healed`,
    );
    await expectRecovery();
    for (const samples of [written, read])
      expect(during(samples).filter((s) => s.error === null && s.ended < healing)).toEqual([]);
    expect(said.stdout + said.stderr).toMatch(/no quorum/);
  });

  test('no new connection fails when a follower loses its power', async () => {
    const { follower } = await leaderAndFollower();
    const { fresh } = await hit('power-off of a follower', by('power-off', follower), [
      'fault',
      'power-on',
      follower,
    ]);
    expect(fresh.failures).toEqual([]);
  });

  test('no new connection fails when the etcd of a follower is stopped: its API server goes first', async () => {
    const { follower } = await leaderAndFollower();
    const stopping = async () => {
      const moment = performance.now();
      await mustOnMachine(CLUSTER, follower, 'systemctl stop etcd');
      return moment;
    };
    const { fresh } = await hit('stopped etcd of a follower', stopping, ['repair']);
    expect(fresh.failures).toEqual([]);
    // Who starts etcd again by hand finds the API server started, too.
    await mustOnMachine(CLUSTER, follower, 'systemctl stop etcd && systemctl start etcd');
    await expectRecovery();
  });

  test('writes resume when the leader loses its power', async () => {
    const { leader } = await leaderAndFollower();
    await hit('power-off of the leader', by('power-off', leader), ['repair']);
  });
});

interface Aftermath {
  /** From the fault to the first success among those begun after it. */
  readonly resumedAfter: number;
  /** From the fault to the begin of the last failure. */
  readonly lastFailure: number;
  readonly begun: number;
  /** Of those begun after the fault; `at` since the fault. */
  readonly failures: readonly { readonly at: number; readonly error: string }[];
  readonly slowest: number;
  readonly inFlight: number;
  readonly inFlightFailed: number;
}

function aftermath(samples: readonly Sample[], moment: number): Aftermath {
  const after = samples.filter((s) => s.began >= moment);
  const inFlight = samples.filter((s) => s.began < moment && s.ended > moment);
  const failures = after.filter((s) => s.error !== null);
  const firstEnd = Math.min(...after.filter((s) => s.error === null).map((s) => s.ended));
  return {
    resumedAfter: Math.round(firstEnd - moment),
    lastFailure: Math.round(Math.max(0, ...failures.map((s) => s.began - moment))),
    begun: after.length,
    failures: failures.map((s) => ({ at: Math.round(s.began - moment), error: s.error! })),
    slowest: summarize(after).slowest,
    inFlight: inFlight.length,
    inFlightFailed: inFlight.filter((s) => s.error !== null).length,
  };
}

/** Resolves when the last `count` of a load that began after `moment` have all succeeded. */
async function steady(loop: OpenLoop, count: number, moment: number): Promise<void> {
  await waitFor(
    async () => {
      const last = loop.samples
        .filter((s) => s.began > moment)
        .sort((a, b) => a.began - b.began)
        .slice(-count);
      return (last.length === count && last.every((s) => s.error === null)) || undefined;
    },
    { what: `${count} requests in a row to succeed`, timeoutMs: 60_000, maxIntervalMs: 100 },
  );
}

/** Of three masters, if they are all well. */
function namesIfWhole(now: Status): string[] | undefined {
  const well = now.replicas.filter(
    (r) => r.machine === 'running' && r.apiServer === 'ready' && r.etcd.healthy,
  );
  const targets = now.loadBalancer?.targets.filter((target) => target.health === 'healthy') ?? [];
  const isWhole = well.length === 3 && targets.length === 3 && now.converged && now.etcd.healthy === 3;
  return isWhole ? now.replicas.map(({ name }) => name) : undefined;
}

function report(what: string, { writes, fresh }: { writes: Aftermath; fresh: Aftermath }): void {
  const say = (name: string, a: Aftermath): string =>
    `${name} resumed after ${a.resumedAfter} ms, ${a.failures.length}/${a.begun} failed, the last one begun after ${a.lastFailure} ms, slowest ${a.slowest} ms; in flight at the fault ${a.inFlight}, of which failed ${a.inFlightFailed}`;
  figure(`${what}: ${say('writes', writes)}`);
  figure(`${what}: ${say('new connections', fresh)}`);
}

function figure(text: string): void {
  process.stdout.write(`figure: ${text}\n`);
}
