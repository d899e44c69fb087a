import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { GuardOutcome } from '../../src/app/guard.ts';
import type { StatusWithDeeds } from '../../src/app/status.ts';
import type { Duty } from '../../src/cluster/model/guard.ts';
import { parseAuthorities } from '../../src/pki/authorities.ts';
import { waitFor } from '../../src/util/wait.ts';
import { whole } from '../support/whole.ts';
import { useClusters } from './support/clusters.ts';
import { dueToBeRenewed } from './support/expire.ts';
import { E2E_HOME, events, haup, startHaup, status, tryHaup } from './support/haup.ts';
import { askEtcd, mustOnMachine } from './support/inside.ts';
import { isWell } from './support/well.ts';

/** The twelve troubles that a guard is for, each made for real, one after the other on one cluster: `npm run test:guard`. */
const CLUSTER = 'e2e-guard';

const ALL: readonly Duty[] = ['clear-nospace', 'repair', 'renew', 'replace'];
const PKI = '/etc/haup/current/pki';

describe.runIf(whole)('a guard meets', () => {
  useClusters(CLUSTER);
  /** Undone after each test, whatever became of it. */
  let undo: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    await haup('create', '-c', CLUSTER, '--multizone', '--zones', 'local-a,local-b,local-c');
  });
  afterEach(async () => {
    for (const mend of undo.reverse()) await mend();
    undo = [];
  });

  /** One look, as cron would have it. */
  async function look(may = ALL, after = '10m'): Promise<GuardOutcome & { readonly code: number | null }> {
    const may_ = may.length > 0 ? ['--may', may.join(',')] : [];
    const ended = await tryHaup([
      ...['guard', '-c', CLUSTER, '--once', '-o', 'json', '--after', after],
      ...may_,
    ]);
    if (!ended.stdout.startsWith('{')) throw new Error(`ended with ${ended.code}: ${ended.stderr}`);
    return { ...(JSON.parse(ended.stdout) as GuardOutcome), code: ended.code };
  }

  /** Looks again and again until it does something, which must be this and succeed, and is written down with its reason. */
  async function expectDeed(duty: Duty, reason: RegExp, options: { may?: readonly Duty[]; after?: string }) {
    const waited: string[] = [];
    const deed = await waitFor(
      async () => {
        const seen = await look(options.may, options.after);
        waited.push(...seen.waits);
        return seen.deed ?? undefined;
      },
      { what: `a guard to ${duty}`, timeoutMs: 300_000, intervalMs: 3000, maxIntervalMs: 3000 },
    ).catch((error) => {
      throw new Error(`${error}; it waited: ${[...new Set(waited)].join('; ')}`);
    });
    expect(deed).toMatchObject({ duty, failed: null, reason: expect.stringMatching(reason) });
    const { guard } = (await status(CLUSTER)) as StatusWithDeeds;
    expect(guard.at(-1)).toEqual(deed);
    return { deed, waited };
  }

  /** Looks until it says this, and does nothing meanwhile. */
  async function expectWait(words: RegExp, after: string): Promise<void> {
    await waitFor(
      async () => {
        const { deed, waits } = await look(['replace', 'renew', 'clear-nospace'], after);
        expect(deed).toBeNull();
        return waits.some((reason) => words.test(reason)) || undefined;
      },
      { what: `a guard to say ${words}`, timeoutMs: 300_000, intervalMs: 3000, maxIntervalMs: 3000 },
    );
  }

  async function expectWell(masters = 3): Promise<void> {
    await waitFor(async () => isWell(await status(CLUSTER), masters) || undefined, {
      what: `${masters} masters, all well`,
      timeoutMs: 120_000,
    });
    // An API server may be unready once more for a moment, while etcd settles: no deed comes of that.
    await waitFor(
      async () => {
        const { deed, waits } = await look();
        expect(deed).toBeNull();
        return waits.length === 0 || undefined;
      },
      { what: 'a guard to have nothing to wait for', timeoutMs: 60_000 },
    );
  }

  async function roles(): Promise<{ leader: string; followers: readonly string[] }> {
    const { replicas } = await status(CLUSTER);
    const leader = replicas.find(({ etcd }) => etcd.role === 'leader')!.name;
    return { leader, followers: replicas.map(({ name }) => name).filter((name) => name !== leader) };
  }

  const on = (machine: string, script: string) => mustOnMachine(CLUSTER, machine, script);
  const fault = (kind: string, target: string) => haup('fault', '-c', CLUSTER, kind, target);

  test('nothing, and says so', expectWell.bind(null, 3));

  test('a full etcd: it gives the space back, the leader last, and takes the alarm back', async () => {
    const { leader, followers } = await roles();
    const id = (await status(CLUSTER)).replicas.find(({ name }) => name === followers[0])!.etcd.id!;
    const alarm = { action: 'ACTIVATE', memberID: id, alarm: 'NOSPACE' };
    await on(leader, askEtcd('maintenance/alarm', alarm));
    const refused = await look(['repair', 'renew', 'replace']);
    expect(refused.deed).toBeNull();
    expect(refused.waits.join()).toMatch(/NOSPACE on .* refuses every write; that is not among/);
    const run = await tryHaup([
      ...['guard', '-c', CLUSTER, '--once', '--may', 'clear-nospace', '--log-format', 'json'],
    ]);
    expect([run.code, run.stdout]).toEqual([0, expect.stringMatching(/^did clear-nospace: .*NOSPACE/)]);
    const freed = events(run).flatMap(({ message }) => {
      const [, name] = /^(\S+): giving free space back/.exec(String(message)) ?? [];
      return name ?? [];
    });
    expect(freed.toSorted()).toEqual([leader, ...followers].toSorted());
    expect(freed.at(-1)).toBe(leader);
    expect(events(run)).toEqual(
      expect.arrayContaining([expect.objectContaining({ type: 'guard', doing: 'done' })]),
    );
    expect((await status(CLUSTER)).etcd.alarms).toEqual([]);
    await expectWell();
  });

  test('a stopped etcd: it starts it again', async () => {
    const { followers } = await roles();
    await on(followers[0]!, 'systemctl stop etcd');
    await expectDeed('repair', new RegExp(`start etcd again on ${followers[0]}`), {});
    await expectWell();
  });

  test('a stopped API server: it starts it again', async () => {
    const { leader } = await roles();
    await on(leader, 'systemctl stop kube-apiserver');
    await expectDeed('repair', new RegExp(`start .* on ${leader}`), {});
    await expectWell();
  });

  test('a certificate of which less than a third is left: it renews it', async () => {
    const { followers } = await roles();
    const file = join(E2E_HOME, 'clusters', CLUSTER, 'secrets', 'authorities');
    const { kubernetes } = parseAuthorities(readFileSync(file, 'utf8'));
    const old = dueToBeRenewed(await on(followers[0]!, `cat ${PKI}/apiserver.crt`), kubernetes.keyPem);
    await on(followers[0]!, `printf '%s' '${old}' >${PKI}/apiserver.crt`);
    await expectDeed('renew', new RegExp(`renew certificates of ${followers[0]}: apiserver.crt`), {});
    await expectWell();
  });

  test('a machine without power, which the cloud can start: it starts it, and replaces nothing', async () => {
    const { leader } = await roles();
    await fault('power-off', leader);
    await expectDeed('repair', new RegExp(`start the machine ${leader}`), {});
    await expectWell();
  });

  test('one that is cut off: it waits for the time that was chosen, and does nothing when it comes back', async () => {
    const { followers } = await roles();
    await fault('isolate', followers[1]!);
    undo.push(() => fault('heal', followers[1]!));
    await expectWait(new RegExp(`${followers[1]} is dead, since \\d+ s; it is replaced in`), '10m');
    await fault('heal', followers[1]!);
    await expectWell();
  });

  test('one that comes and goes every ten seconds: it never replaces it', async () => {
    const { followers } = await roles();
    const name = followers[0]!;
    const may = ['--may', ALL.join(','), '--after', '30s', '--every', '5s'];
    const service = startHaup(['guard', '-c', CLUSTER, ...may, '--log-format', 'json']);
    undo.push(async () => service.child.kill('SIGINT'));
    for (let round = 0; round < 6; round++) {
      await fault('isolate', name);
      await new Promise((resolve) => setTimeout(resolve, 10_000));
      await fault('heal', name);
      await new Promise((resolve) => setTimeout(resolve, 10_000));
    }
    service.child.kill('SIGINT');
    const said = events(await service.ended).filter(({ type }) => type === 'guard');
    expect(said.filter(({ doing }) => doing !== 'waits')).toEqual([]);
    await expectWell();
  });

  test('one that hangs: it replaces it after the time that was chosen', async () => {
    const { leader } = await roles();
    await fault('freeze', leader);
    const { waited } = await expectDeed('replace', /^dead for \d+ s$/, { after: '30s' });
    expect(waited.join()).toMatch(new RegExp(`${leader} is dead, since`));
    expect((await status(CLUSTER)).replicas.map(({ name }) => name)).not.toContain(leader);
    await expectWell();
  });

  test('one whose disk was wiped: it replaces it', async () => {
    const { followers } = await roles();
    await fault('wipe-disk', followers[0]!);
    await expectDeed('replace', /^dead for \d+ s$/, { after: '30s' });
    expect((await status(CLUSTER)).replicas.map(({ name }) => name)).not.toContain(followers[0]);
    await expectWell();
  });

  test('a member that never started, of a command that was killed: it finishes what was begun', async () => {
    const run = startHaup(['add-replica', '-c', CLUSTER, '--zone', 'local-a', '--log-format', 'json']);
    await run.shows(/"step-finished","step":\{"kind":"add-learner"/);
    run.child.kill('SIGKILL');
    expect((await run.ended).signal).toBe('SIGKILL');
    const { replicas } = await status(CLUSTER);
    expect(replicas.map(({ etcd }) => etcd.role)).toContain('unstarted');
    await expectDeed('repair', /start|etcd/, {});
    await expectWell(4);
  });

  test('two dead at once of five: each for itself is waited for, and a person is asked', async () => {
    await haup('add-replica', '-c', CLUSTER, '--zone', 'local-b');
    const { replicas } = await status(CLUSTER);
    const inZone = (zone: string) => replicas.filter((replica) => replica.zone === zone);
    const one = inZone('local-a')[0]!.name;
    const other = inZone('local-c')[0]!.name;
    for (const name of [one, other]) {
      await fault('freeze', name);
      undo.push(() => fault('thaw', name));
    }
    await expectWait(/is dead for \d+ s, and cannot be replaced now/, '30s');
    for (const name of [one, other]) await fault('thaw', name);
    await expectWell(5);
  });

  test('a zone that is gone: it waits that out', async () => {
    await fault('freeze', 'local-b');
    undo.push(() => fault('thaw', 'local-b'));
    await expectWait(/more than half of local-b is dead: that is an outage of the zone/, '30s');
    await fault('thaw', 'local-b');
    await expectWell(5);
  });
});
