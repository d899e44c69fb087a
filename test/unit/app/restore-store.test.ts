import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateIdentity } from 'age-encryption';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { restoreStore } from '../../../src/app/backups/restore-store.ts';
import { writeBundle } from '../../../src/backup/bundle.ts';
import { backupKey, seal } from '../../../src/backup/key.ts';
import type { ClusterSpec } from '../../../src/cluster/model/spec.ts';
import { backupSecrets } from '../../../src/cluster/world/backup.ts';
import { type ClusterState, clusterStateSchema, noHistory } from '../../../src/cluster/world/memory.ts';
import { bucketStore } from '../../../src/state/bucket/store.ts';
import type { Store } from '../../../src/state/store.ts';
import { specOf } from '../../support/clusters.ts';
import { memoryBucket } from '../../support/memory-objects.ts';

const to = 's3:https://host/bucket/demo';
const keep = { allHours: 1, hourlyDays: 1, dailyDays: 30 };
const spec = specOf(['m0'], { backup: { to, everySeconds: 60, keep, generation: 3 } });

let folder: string;
let store: Store<ClusterState>;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'haup-restore-test-'));
  store = bucketStore('s3://haup', memoryBucket(), clusterStateSchema, null);
  writeFileSync(join(folder, 'identity'), await generateIdentity(), { mode: 0o600 });
  await keepBackup(spec);
  const restic = `case "$*" in *dump*) cat ${folder}/sealed ;; *) cat ${folder}/list ;; esac`;
  writeFileSync(join(folder, 'restic'), `#!/bin/sh\n${restic}\n`);
  chmodSync(join(folder, 'restic'), 0o755);
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The only backup that there is. */
async function keepBackup(sealed: ClusterSpec, by = 'm0'): Promise<void> {
  const key = await backupKey(join(folder, 'identity'), 'demo');
  const state = { spec: sealed, history: noHistory, pins: {} };
  const secrets = { ...backupSecrets({ ...key, credentials: 'old' }), authorities: 'A' };
  const bundle = writeBundle({ revision: 12, state, secrets });
  writeFileSync(join(folder, 'sealed'), await seal(bundle, key.recipient));
  const facts = `"format=1","cluster=demo","uid=${spec.uid}","taken=2026-11-25T12:00:00Z","by=${by}","size=1"`;
  const tags = `"haup",${facts},"revision=1","keys=1","hash=1","store=12"`;
  writeFileSync(join(folder, 'list'), `[{"short_id":"aaaaaaaa","tags":[${tags}]}]`);
}

/** @param credentials null: none are given. */
async function restore(credentials: string | null, dryRun = false) {
  const file = join(folder, 'credentials');
  if (credentials !== null) writeFileSync(file, credentials);
  const env = {
    identity: join(folder, 'identity'),
    environment: { PATH: `${folder}:${process.env.PATH}` },
    signal: new AbortController().signal,
  };
  const how = { cluster: 'demo', from: to, credentials: credentials && file, backup: undefined };
  await restoreStore(store, env, how, dryRun);
  const kept = JSON.parse((await store.secrets('demo').get('backup')) ?? '{}') as { credentials?: string };
  const stored = await store.read('demo');
  return {
    credentials: kept.credentials,
    generation: stored?.value.spec.backup?.generation,
    revision: stored?.revision,
  };
}

test('a restored store writes backups with the credentials that it was restored with, and its masters are told', async () => {
  expect(await restore('new')).toEqual({ credentials: 'new', generation: 4, revision: 12 });
  expect(await store.secrets('demo').get('authorities')).toBe('A');
});

test('without other credentials everything is as it was in the backup', async () => {
  expect(await restore(null)).toEqual({ credentials: 'old', generation: 3, revision: 12 });
  expect(await restore('old')).toEqual({ credentials: 'old', generation: 3, revision: 12 });
});

test('a restore that goes on with what one before had put there takes the credentials that it is given', async () => {
  await restore(null);
  expect(await restore('new', true)).toMatchObject({ credentials: 'old' });
  expect(await restore('new')).toEqual({ credentials: 'new', generation: 3, revision: 12 });
});

test('a rescue that was wished for when the store was sealed was done when the backup was taken, and is not done again', async () => {
  const rescue = { survivor: 'm3', fenced: [], heard: null, backup: { id: 'older', taken: 'before' } };
  const wishing = {
    ...specOf(['m3', 'm4']),
    usedNames: ['m0', 'm1', 'm3', 'm4'],
    backup: spec.backup,
    rescue,
  };
  await keepBackup(wishing, 'm3');
  await restore(null);
  const { rescue: _, ...kept } = wishing;
  expect((await store.read('demo'))?.value.spec).toEqual({ ...kept, givenUp: ['m0', 'm1'] });
});

test('nor is one whose quorum had come back, as who took the backup shows: nobody was given up', async () => {
  const rescue = { survivor: 'm0', fenced: [], heard: null };
  const wishing = { ...specOf(['m0', 'm3']), usedNames: ['m0', 'm1', 'm3'], backup: spec.backup, rescue };
  await keepBackup(wishing, 'm1');
  await restore(null);
  const { rescue: _, ...kept } = wishing;
  expect((await store.read('demo'))?.value.spec).toEqual(kept);
});
