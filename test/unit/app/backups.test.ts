import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { pruneBackups } from '../../../src/app/backups/backup.ts';
import type { Environment } from '../../../src/app/operations.ts';
import { backupSecrets } from '../../../src/cluster/world/backup.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'haup-prune-test-'));
  const program = join(folder, 'restic');
  // Notes by what it was asked to delete, and has no backups.
  const note = `case "$*" in *--prune*) cat "$AWS_SHARED_CREDENTIALS_FILE" >${folder}/used ;; *) echo '[]' ;; esac`;
  writeFileSync(program, `#!/bin/sh\n${note}\n`);
  chmodSync(program, 0o755);
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Of a cluster whose masters may write, and not delete. */
function environment(): Pick<Environment, 'looking' | 'environment' | 'signal'> {
  const keep = { allHours: 1, hourlyDays: 1, dailyDays: 30 };
  const backup = { to: 's3:https://host/bucket/demo', everySeconds: 60, keep, generation: 1 };
  const secret = backupSecrets({ password: 'p', recipient: 'r', credentials: 'masters' });
  const open = {
    world: { spec: () => ({ name: 'demo', uid: 'u', backup }) },
    secrets: { get: async (name: string) => secret[name] ?? null },
  };
  return {
    looking: (_, work) => work(open as unknown as Parameters<typeof work>[0]),
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
