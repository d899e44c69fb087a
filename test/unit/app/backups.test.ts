import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateIdentity } from 'age-encryption';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { apply } from '../../../src/app/apply.ts';
import { enableBackups, pruneBackups } from '../../../src/app/backups/backup.ts';
import { rescue } from '../../../src/app/backups/rescue.ts';
import type { Environment, OpenCluster } from '../../../src/app/operations.ts';
import { backupSecrets } from '../../../src/cluster/world/backup.ts';
import { converged, noInterruption, specOf } from '../../support/clusters.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'haup-prune-test-'));
  const program = join(folder, 'restic');
  // Notes by what it was asked to delete, and how, and has the backups that there are.
  const note = `cat "$AWS_SHARED_CREDENTIALS_FILE" >${folder}/used; echo "$*" >${folder}/asked`;
  const list = `cat ${folder}/list 2>/dev/null || echo '[]'`;
  writeFileSync(program, `#!/bin/sh\ncase "$*" in *--prune*) ${note} ;; *) ${list} ;; esac\n`);
  chmodSync(program, 0o755);
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Of a cluster whose masters may write, and not delete. */
function environment(uid = 'u') {
  const keep = { allHours: 1, hourlyDays: 1, dailyDays: 30 };
  const backup = { to: 's3:https://host/bucket/demo', everySeconds: 60, keep, generation: 1 };
  const secret = backupSecrets({ password: 'p', recipient: 'r', credentials: 'masters' });
  const secrets = { get: async (name: string) => secret[name] ?? null };
  const open = { world: { spec: () => ({ name: 'demo', uid, backup }) }, secrets };
  const looking: Environment['looking'] = (_, work) => work(open as unknown as OpenCluster);
  return {
    ...{ backup: { backup }, secrets, looking, now: () => Date.parse('2026-11-26T12:00:00Z') },
    environment: { PATH: `${folder}:${process.env.PATH}` },
    signal: new AbortController().signal,
  };
}

test('backups are removed by who may, if the user names them, else by what masters write with', async () => {
  const used = () => readFileSync(join(folder, 'used'), 'utf8');
  expect(await pruneBackups(environment(), 'demo', { credentials: null, dryRun: false })).toBe(0);
  expect(used()).toBe('masters');
  const credentials = join(folder, 'operator.aws');
  writeFileSync(credentials, 'operator');
  await pruneBackups(environment(), 'demo', { credentials, dryRun: false });
  expect(used()).toBe('operator');
});

/** Those that there are: each by its id, the day that its master's clock said, and the revisions of etcd and of the store. */
function have(...backups: readonly (readonly [string, string, number, number])[]): void {
  const list = backups.map(([id, day, revision, store]) => {
    const when = `taken=2026-11-${day}T12:00:00Z`;
    const facts = ['format=1', 'cluster=demo', `uid=${specOf(['m0']).uid}`, when, 'by=m0', 'size=1'];
    const numbers = [`revision=${revision}`, 'keys=1', 'hash=1', `store=${store}`];
    return { short_id: id, tags: ['haup', ...facts, ...numbers] };
  });
  writeFileSync(join(folder, 'list'), JSON.stringify(list));
}

test('what a rescue would restore is removed by no prune, nor what may be newer, however old their masters’ clocks have made them', async () => {
  have(['aaaaaaaa', '25', 100, 20], ['bbbbbbbb', '10', 150, 20], ['cccccccc', '11', 160, 10]);
  const { uid } = specOf(['m0']);
  const env = environment(uid);
  expect(await pruneBackups(env, 'demo', { credentials: null, dryRun: false })).toBe(3);
  const asked = readFileSync(join(folder, 'asked'), 'utf8');
  const spared = [...asked.matchAll(/--keep-tag taken=2026-11-(\d\d)/g)].map(([, day]) => day);
  expect(spared).toEqual(['10', '11']);
});

test('a rescue says which other backup may be newer than the newest, unless one is asked for', async () => {
  const spec = specOf(['m0'], environment().backup);
  const lost = { ...converged(spec), machines: [], etcd: { readable: false, members: [] } };
  const warnings = async (asked?: string) => {
    const emit = vi.fn<Environment['emit']>();
    const world = {
      ...{ spec: () => spec, observe: async () => lost, interruption: () => noInterruption },
      wantedBy: async () => ({}),
    };
    const env = { ...environment(), emit, reads: false };
    const open = { world, secrets: environment().secrets };
    const locked = (_: string, __: string, work: (open: OpenCluster) => unknown) =>
      work(open as unknown as OpenCluster);
    const request = { fenced: [], backup: asked, loses: true };
    await rescue({ ...env, locked } as unknown as Environment, 'demo', request, true);
    return emit.mock.calls.flatMap(([event]) => (event.type === 'warning' ? [event.message] : []));
  };
  have(['aaaaaaaa', '25', 118, 30], ['bbbbbbbb', '24', 120, 20]);
  expect(await warnings()).toEqual([
    expect.stringMatching(/^the backup bbbbbbbb, .* may be newer than aaaaaaaa: .* 120, and that one 118/),
  ]);
  expect(await warnings('aaaaaaaa')).toEqual([]);
  have(['aaaaaaaa', '25', 120, 30], ['bbbbbbbb', '24', 118, 20]);
  expect(await warnings()).toEqual([]);
});

test('a backup that is asked for where none are wanted any more is refused, and no survivor is taken instead', async () => {
  const observe = vi.fn();
  const open = { world: { spec: () => specOf(['m0']), observe } } as unknown as OpenCluster;
  const env = {
    locked: (_: string, __: string, work: (open: OpenCluster) => unknown) => work(open),
  } as unknown as Environment;
  for (const dryRun of [true, false]) {
    const request = { fenced: ['m1'], backup: '1f2e3d4c', loses: true };
    await expect(rescue(env, 'demo', request, dryRun)).rejects.toMatchObject({
      failure: 'input',
      message: expect.stringMatching(/has no backups any more, .* 1f2e3d4c/),
      remedies: [expect.objectContaining({ command: 'rescue' })],
    });
  }
  expect(observe).not.toHaveBeenCalled();
});

/** Gives a cluster of three backups with new credentials, as a command does; in its end the spec cannot be saved. */
async function newCredentials(command: string, seen: readonly string[]) {
  const spec = specOf(['m0', 'm1', 'm2']);
  const save = vi.fn(() => Promise.reject(new Error('no more than that')));
  const observe = async () => converged(specOf(seen));
  const put = vi.fn();
  const world = { spec: () => spec, observe, interruption: () => ({}), save };
  const open = { world, secrets: { put, get: async () => null } } as unknown as OpenCluster;
  const [identity, credentials] = [join(folder, 'identity'), join(folder, 'new.aws')];
  writeFileSync(identity, await generateIdentity(), { mode: 0o600 });
  writeFileSync(credentials, 'new');
  const env = {
    ...{ ...environment(), identity, emit: () => {}, now: () => 0, reads: false },
    locked: (_: string, __: string, work: (open: OpenCluster) => unknown) => work(open),
  } as unknown as Environment;
  const wish = {
    ...{ to: 's3:https://host/bucket/demo', everySeconds: 60 },
    keep: { allHours: 1, hourlyDays: 1, dailyDays: 30 },
  };
  const how = { dryRun: false, removes: false, withoutBackup: true, surge: false };
  const work =
    command === 'apply'
      ? apply(env, 'demo', { backup: { ...wish, credentialsFile: credentials } }, how)
      : enableBackups(env, 'demo', { ...wish, credentials }, false);
  return { put, save, why: await work.then(String, String) };
}

test.each(['backup enable', 'apply'])(
  '%s that is refused leaves the store with the credentials that masters write with',
  async (command) => {
    const refused = await newCredentials(command, ['m0', 'm1']);
    expect(refused.why).toMatch(/unfinished change/);
    expect(refused.put).not.toHaveBeenCalled();
    expect(refused.save).not.toHaveBeenCalled();
    const begun = await newCredentials(command, ['m0', 'm1', 'm2']);
    expect(begun.why).toMatch(/no more than that/);
    expect(begun.put).toHaveBeenCalledExactlyOnceWith('backup', expect.stringMatching(/"credentials":"new"/));
    expect(begun.save).toHaveBeenCalledOnce();
  },
);
