import { randomBytes } from 'node:crypto';
import {
  closeSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateIdentity } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { proven } from '../../src/app/backups/verify-backup.ts';
import { ensureBinaries } from '../../src/artifacts/ensure.ts';
import { DEFAULT_KUBERNETES_VERSION, defaultEtcdVersion } from '../../src/artifacts/versions.ts';
import { writeBundle } from '../../src/backup/bundle.ts';
import { type BackupKey, backupKey, seal } from '../../src/backup/key.ts';
import { chosen, listBackups, openRepository } from '../../src/backup/list.ts';
import { prune } from '../../src/backup/prune.ts';
import { readRepository } from '../../src/backup/repository.ts';
import { type Access, type Restic, withRestic } from '../../src/backup/restic.ts';
import { throwAway } from '../../src/backup/throw-away.ts';
import { explain } from '../../src/cli/exit.ts';
import type { ClusterSpec } from '../../src/cluster/model/spec.ts';
import { createAuthorities, serializeAuthorities } from '../../src/pki/authorities.ts';
import { createKubeletAuthorities, serializeKubeletAuthorities } from '../../src/pki/kubelet-authorities.ts';
import { exec } from '../../src/util/exec.ts';
import type { Variables } from '../../src/util/variables.ts';
import { waitFor } from '../../src/util/wait.ts';
import { specOf } from '../support/clusters.ts';
import { filesBelow } from '../support/files-below.ts';
import { awsCredentials } from '../support/s3-server.ts';
import { startGoogleBucket } from './support/gcs-repository.ts';
import { startRest } from './support/rest-repository.ts';
import { type Buckets, startBuckets } from './support/s3-repository.ts';

/** Backups that are not what they seem, with restic, etcd and an API server as they are; no machine is needed. */
const spec = specOf(['demo-master']);
const signal = new AbortController().signal;
const around: { environment: Variables; signal: AbortSignal } = { environment: process.env, signal };
const folder = mkdtempSync(join(tmpdir(), 'haup-backups-'));
const at = (...path: string[]): string => join(folder, ...path);

let programs: string;
let key: BackupKey;
let facts: { hash: number; revision: number; totalKey: number };
let secrets: Record<string, string>;
let access: Access;

beforeAll(async () => {
  const kubernetesVersion = DEFAULT_KUBERNETES_VERSION;
  const etcdVersion = defaultEtcdVersion(kubernetesVersion);
  ({ folder: programs } = await ensureBinaries({ environment: process.env, kubernetesVersion, etcdVersion }));
  for (const name of ['mine', 'other']) await writeFile(at(name), await generateIdentity(), { mode: 0o600 });
  key = await backupKey(at('mine'), 'demo');
  secrets = {
    authorities: serializeAuthorities(await createAuthorities('demo')),
    'kubelet-authorities': serializeKubeletAuthorities(await createKubeletAuthorities('demo')),
    'encryption-key': randomBytes(32).toString('base64'),
  };
  await takeSnapshot(at('etcd.db'));
  const status = await exec(join(programs, 'etcdutl'), ['snapshot', 'status', at('etcd.db'), '-w', 'json']);
  facts = JSON.parse(status) as typeof facts;
  access = accessTo(at('repository'));
  await withRestic(access, around, openRepository);
}, 900_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const accessTo = (address: string, credentials: string | null = null, password = key.password): Access => ({
  ...{ repository: readRepository(address), password, credentials },
});

/** Of an etcd that holds a Secret which was encrypted with some key. */
async function takeSnapshot(to: string): Promise<void> {
  await throwAway(programs, async (t) => {
    const socket = `unix://${join(t.folder, 'etcd.sock')}`;
    const trouble = t.start('etcd', [
      ...['--data-dir', join(t.folder, 'data'), '--log-level', 'error', '--unsafe-no-fsync'],
      ...['--listen-client-urls', socket, '--advertise-client-urls', socket],
      ...['--listen-peer-urls', `unix://${join(t.folder, 'peer.sock')}`],
    ]);
    const etcdctl = (...args: string[]) =>
      exec(join(programs, 'etcdctl'), ['--endpoints', socket, ...args], {
        input: `k8s:enc:secretbox:v1:key1:${'x'.repeat(100)}`,
      });
    await waitFor(
      async () => {
        if (trouble()) throw new Error(trouble());
        return etcdctl('put', '/registry/secrets/default/word').then(
          () => true,
          () => undefined,
        );
      },
      { what: 'etcd to take a key', timeoutMs: 60_000 },
    );
    await etcdctl('snapshot', 'save', to);
  });
}

interface Differs {
  readonly tags?: Readonly<Record<string, string | number>>;
  readonly spec?: Partial<ClusterSpec>;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly sealedFor?: string;
  readonly snapshot?: (db: Buffer) => Buffer;
}

/** A backup as masters take them, but for what differs. @returns its id */
async function backUp(differs: Differs = {}, to = access, by = around): Promise<string> {
  const work = mkdtempSync(at('work-'));
  const db = await readFile(at('etcd.db'));
  await writeFile(join(work, 'etcd.db'), differs.snapshot?.(db) ?? db);
  const state = {
    spec: { ...spec, ...differs.spec },
    history: { bootstrapped: true, attempts: {} },
    pins: {},
  };
  const bundle = writeBundle({ revision: 3, state, secrets: differs.secrets ?? secrets });
  await writeFile(join(work, 'sealed.age'), await seal(bundle, differs.sealedFor ?? key.recipient));
  const tags = {
    ...{ format: 1, cluster: 'demo', uid: spec.uid, taken: '2026-11-25T12:00:00Z', by: 'demo-master' },
    ...{ size: db.length, revision: facts.revision, keys: facts.totalKey, hash: facts.hash, store: 3 },
    ...differs.tags,
  };
  const words = ['haup', ...Object.entries(tags).map(([name, value]) => `${name}=${value}`)].join(',');
  const said = await withRestic(to, by, (restic) => restic(['backup', '--tag', words, work]));
  return /^snapshot ([0-9a-f]{8}) saved$/m.exec(said)![1]!;
}

const verify = (
  asked: string | undefined,
  how: { access?: Access; by?: typeof around; identity?: string } = {},
) =>
  proven(
    how.access ?? access,
    {
      ...(how.by ?? around),
      identity: how.identity ?? at('mine'),
      emit: () => {},
      now: () => Date.parse('2026-11-26T00:00:00Z'),
    },
    { programs, uid: spec.uid, asked },
  );

/** What a user is told of it. */
async function told(work: Promise<unknown>): Promise<{ code: number; words: string }> {
  const error = await work.then(
    () => new Error('nothing failed'),
    (reason: unknown) => reason,
  );
  const work_ = { doing: [], toCome: [], unfinished: false } as never;
  const said = { debug: false, interrupted: false, work: work_, command: 'backup verify', cluster: 'demo' };
  const { code, lines } = explain(error, said);
  return { code, words: lines.join('\n') };
}

const flipped = (db: Buffer): Buffer => {
  const copy = Buffer.from(db);
  copy[copy.length >> 1]! ^= 1;
  return copy;
};

describe('verify', () => {
  test.each<[string, Differs, number, RegExp]>([
    [
      'a snapshot that was cut short',
      { snapshot: (db) => db.subarray(0, db.length - 4096) },
      5,
      /cut short or changed/,
    ],
    ['a snapshot of no bytes', { snapshot: () => Buffer.alloc(0) }, 5, /cut short or changed/],
    ['a snapshot with one other bit', { snapshot: flipped }, 5, /cut short or changed/],
    ['another snapshot than was noted', { tags: { hash: 1 } }, 5, /not the one that was taken/],
    ['another number of keys', { tags: { keys: 99 } }, 5, /not the one that was taken/],
    ['one of another cluster', { tags: { uid: 'fedcba9876543210' } }, 2, /another cluster named demo/],
    ['keys of another cluster', { spec: { uid: 'fedcba9876543210' } }, 2, /another cluster named demo/],
    ['what a newer haup has put there', { spec: { flavour: 'new' } as never }, 2, /newer haup/],
  ])('finds %s', async (_, differs, code, words) => {
    const said = await told(verify(await backUp(differs)));
    expect(said).toEqual({ code, words: expect.stringMatching(words) });
    expect(said.words.split('\n').length).toBeLessThan(3);
  });

  test('finds that the key for Secrets is missing', async () => {
    const { 'encryption-key': _, ...others } = secrets;
    const said = await told(verify(await backUp({ secrets: others })));
    expect(said).toEqual({ code: 5, words: expect.stringMatching(/lack the key of the encryption/) });
  });

  test('finds that Secrets were encrypted with another key, and notes nothing', async () => {
    const id = await backUp();
    expect(await told(verify(id))).toEqual({
      code: 5,
      words: expect.stringMatching(/cannot read \/api\/v1\/secrets: .*(decrypt|transform|key)/),
    });
    const backups = await withRestic(access, around, listBackups);
    expect(chosen(backups, id)).toMatchObject({ verified: null });
  });

  test('refuses what somebody else has sealed, or was sealed for somebody else', async () => {
    const other = await backupKey(at('other'), 'demo');
    const id = await backUp({ sealedFor: other.recipient });
    expect(await told(verify(id))).toEqual({
      code: 2,
      words: expect.stringMatching(/not sealed for the identity/),
    });
    const wrong = accessTo(at('repository'), null, other.password);
    expect(await told(verify(id, { access: wrong }))).toEqual({
      code: 2,
      words: expect.stringMatching(/wrong password.*another identity/),
    });
  });

  test('finds one flipped bit in the repository itself', async () => {
    const id = await backUp();
    cpSync(at('repository'), at('copy'), { recursive: true });
    for (const pack of filesBelow(at('copy/data'))) flipIn(pack);
    const said = await told(verify(id, { access: accessTo(at('copy')) }));
    expect(said).toEqual({ code: 5, words: expect.stringMatching(/restore another backup/) });
  });

  test('says so of an id that nobody has given, and of a backup by a newer haup', async () => {
    expect(await told(verify('0123abcd'))).toEqual({
      code: 6,
      words: expect.stringMatching(/no backup "0123abcd"/),
    });
    cpSync(at('repository'), at('newer'), { recursive: true });
    const newer = accessTo(at('newer'));
    await withRestic(newer, around, (restic) => restic(['backup', '--tag', 'haup,format=2', at('mine')]));
    expect(await told(verify(undefined, { access: newer }))).toEqual({
      code: 2,
      words: expect.stringMatching(/newer haup/),
    });
  });
});

function flipIn(path: string): void {
  const file = openSync(path, 'r+');
  const byte = Buffer.alloc(1);
  const middle = statSync(path).size >> 1;
  readSync(file, byte, 0, 1, middle);
  byte[0]! ^= 1;
  writeSync(file, byte, 0, 1, middle);
  closeSync(file);
}

describe('a place for backups', () => {
  let buckets: Buckets;
  beforeAll(async () => {
    buckets = await startBuckets();
  }, 900_000);
  afterAll(() => buckets?.close());
  const open = (address: string, credentials = buckets.credentials) =>
    told(withRestic(accessTo(address, credentials), around, openRepository));

  test('becomes a repository where there is none, and stays one', async () => {
    const place = accessTo(`${buckets.address}/backups/new`, buckets.credentials);
    for (const _ of 'ab') await withRestic(place, around, openRepository);
    expect(await withRestic(place, around, listBackups)).toEqual([]);
  });

  test('that cannot be one is refused, each in a line with what to do', async () => {
    const stranger = awsCredentials({ id: 'stranger', secret: 'x' });
    const wrong = awsCredentials({ id: 'test-masters', secret: 'wrong' });
    const { address, readOnly, elsewhere } = buckets;
    const answers = await Promise.all([
      open(`${address}/no-such-bucket/x`),
      open(`${readOnly}/backups/fresh`),
      open(`${address}/backups/y`, stranger),
      open(`${address}/backups/y`, wrong),
      told(inRegion('us-east-2', `${elsewhere}/backups/y`)),
    ]);
    expect(answers.map(({ code }) => code)).toEqual([2, 2, 2, 2, 2]);
    const [bucket, ...others] = answers.map(({ words }) => words);
    expect(bucket).toMatch(/bucket does not exist.*make the bucket first$/);
    const [right, unknown, key_, region] = others;
    for (const words of [right, unknown, key_]) expect(words).toMatch(/credentials that may read and write/);
    expect(region).toMatch(/region's own host/);
    for (const { words } of answers) expect(words.split('\n')).toHaveLength(1);
  });

  test('that takes no more writes is found out before anything is changed, also where it was a repository', async () => {
    await withRestic(accessTo(`${buckets.address}/backups/was`, buckets.credentials), around, openRepository);
    const said = await open(`${buckets.readOnly}/backups/was`);
    expect(said).toEqual({ code: 2, words: expect.stringMatching(/Access Denied.*credentials/) });
    expect(said.words).not.toMatch(/github|retrying/);
  });

  function inRegion(region: string, address: string): Promise<void> {
    const environment = { ...process.env, AWS_DEFAULT_REGION: region };
    return withRestic(accessTo(address, buckets.credentials), { environment, signal }, openRepository);
  }

  test('may be a REST server', async () => {
    const server = await startRest();
    try {
      await takesBackups(accessTo(`${server.address}demo`), around);
    } finally {
      await server.close();
    }
  });

  test('may be a bucket of Google’s', async () => {
    const google = await startGoogleBucket(folder);
    const environment = { ...process.env, ...google.environment };
    const by = { environment, signal };
    try {
      await takesBackups(accessTo(`${google.address}/demo`, google.credentials), by);
      const nobody = accessTo('gs:no-such-bucket:/x', google.credentials);
      const said = await told(withRestic(nobody, by, openRepository));
      expect(said).toEqual({ code: 2, words: expect.stringMatching(/bucket.*make the bucket first$/) });
      expect(google.refused).toEqual([]);
    } finally {
      await google.close();
    }
  });

  /** Given, found, read back as it is, and kept by a prune. */
  async function takesBackups(place: Access, by: typeof around): Promise<void> {
    await expect(withRestic(place, by, listBackups)).rejects.toMatchObject({ kind: 'empty' });
    await withRestic(place, by, openRepository);
    const id = await backUp({ snapshot: flipped }, place, by);
    expect(await told(verify(id, { access: place, by }))).toEqual({
      code: 5,
      words: expect.stringMatching(/cut short or changed/),
    });
    const keep = { allHours: 1, hourlyDays: 1, dailyDays: 1 };
    await withRestic(place, by, (restic) => prune(restic, keep, [], false, signal));
    expect(await withRestic(place, by, listBackups)).toMatchObject([{ id }]);
  }

  test.runIf(process.getuid?.() === 0)('whose disk is full says so', async () => {
    mkdirSync(at('small'));
    await exec('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', at('small')]);
    try {
      const place = accessTo(at('small/repository'));
      await withRestic(place, around, openRepository);
      await writeFile(at('small/filled'), Buffer.alloc(1024 * 1024)).catch(() => {});
      const said = await told(withRestic(place, around, openRepository));
      expect(said).toEqual({ code: 5, words: expect.stringMatching(/no space left on device/) });
      expect(said.words).toMatch(/make room there: haup backup prune -c demo$/);
    } finally {
      await exec('umount', [at('small')]);
    }
  });
});

test('prune keeps what is to be kept, and the note that it is good', async () => {
  const tidy = accessTo(at('tidy'));
  await withRestic(tidy, around, async (restic: Restic) => {
    await openRepository(restic);
    const tag = (day: string, revision: number) =>
      `haup,format=1,cluster=demo,uid=${spec.uid},taken=2020-01-${day}T00:00:00Z,by=m,size=1,revision=${revision},keys=1,hash=1,store=1`;
    // The last was taken by a master whose clock is behind.
    for (const [day, revision] of [
      ['10', 1],
      ['20', 2],
      ['05', 3],
    ] as const)
      await restic(['backup', '--time', `2020-01-${day} 00:00:00`, '--tag', tag(day, revision), at('mine')]);
    const backups = await listBackups(restic);
    const [newest] = backups;
    await restic(['backup', '--stdin', '--tag', `haup-verified,of=${newest!.id},at=2026-11-26T00:00:00Z`], {
      input: 'x',
    });
    const keep = { allHours: 1, hourlyDays: 1, dailyDays: 1 };
    await prune(restic, keep, [chosen(backups, undefined)], false, signal);
    expect(await listBackups(restic)).toMatchObject([
      { taken: '2020-01-20T00:00:00Z', verified: '2026-11-26T00:00:00Z' },
      { taken: '2020-01-05T00:00:00Z' },
    ]);
  });
});
