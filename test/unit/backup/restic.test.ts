import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { listBackups } from '../../../src/backup/list.ts';
import { readRepository } from '../../../src/backup/repository.ts';
import { withRestic } from '../../../src/backup/restic.ts';

/** A restic that notes what it was given. */
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'haup-restic-test-'));
  const program = join(folder, 'restic');
  writeFileSync(
    program,
    `#!/bin/sh\nenv >${folder}/env\necho "$@" >${folder}/arguments\ncat "$RESTIC_REPOSITORY_FILE"\n`,
  );
  chmodSync(program, 0o755);
  vi.stubEnv('PATH', `${folder}:${process.env.PATH}`);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

test('restic is told of one repository, whatever the user’s environment says of another, and no secret in words', async () => {
  for (const name of ['REPOSITORY', 'PASSWORD', 'PASSWORD_COMMAND', 'CACHE_DIR', 'KEY_HINT'])
    vi.stubEnv(`RESTIC_${name}`, 'foreign');
  const access = { repository: readRepository('/backups'), password: 'PASS-WORD', credentials: null };
  const around = { environment: process.env, signal: new AbortController().signal };
  const said = await withRestic(access, around, (restic) => restic(['snapshots']));
  expect(said).toBe('/backups');
  const [environment, words] = ['env', 'arguments'].map((file) => readFileSync(join(folder, file), 'utf8'));
  expect(environment).not.toMatch(/foreign|PASS-WORD/);
  expect(words).toBe('snapshots\n');
  const [, file] = /^RESTIC_PASSWORD_FILE=(.*)$/m.exec(environment!) ?? [];
  expect(() => readFileSync(file!)).toThrow(/ENOENT/);
});

const around = { environment: process.env, signal: new AbortController().signal };
const access = { repository: readRepository('/backups'), password: 'p', credentials: null };

function says(script: string): void {
  writeFileSync(join(folder, 'restic'), `#!/bin/sh\n${script}\n`);
}

test('what it tries again and again is given up, with its words', async () => {
  const again =
    'Stat(<config/>) returned error, retrying after 1s: Stat: The specified bucket does not exist.';
  says(`for n in 1 2 3; do echo "${again}" >&2; done; exec sleep 300`);
  await expect(withRestic(access, around, (restic) => restic(['cat', 'config']))).rejects.toMatchObject({
    kind: 'refused',
    message: 'restic at /backups: Stat: The specified bucket does not exist.',
  });
});

test('what may take long is tried as often as restic likes', async () => {
  const again = 'Load(<data/0a>, 0, 0) returned error, retrying after 1s: connection reset by peer';
  says(`for n in 1 2 3 4 5; do echo "${again}" >&2; done; echo done`);
  const told = withRestic(access, around, (restic) => restic(['restore'], { patient: true }));
  expect(await told).toBe('done\n');
});

test('it is interrupted, so that it can remove its lock, and waited for', async () => {
  says(
    `trap 'echo gone >${folder}/lock; exit 130' INT; echo held >${folder}/lock; while :; do sleep 0.05; done`,
  );
  const lock = () => readFileSync(join(folder, 'lock'), 'utf8');
  const user = new AbortController();
  const run = withRestic(access, { ...around, signal: user.signal }, (restic) => restic(['forget']));
  await vi.waitFor(() => expect(lock()).toBe('held\n'), { timeout: 10_000 });
  user.abort(new Error('stopped by the user'));
  await expect(run).rejects.toThrow('stopped by the user');
  expect(lock()).toBe('gone\n');
});

test('what may take long and is stuck is given up all the same', async () => {
  const again = 'List(snapshot) returned error, retrying after 1s: Access Denied.';
  says(`for n in 1 2 3; do echo "${again}" >&2; done; exec sleep 300`);
  await expect(withRestic(access, around, listBackups)).rejects.toMatchObject({
    kind: 'refused',
    message: 'restic at /backups: Access Denied.',
  });
});

test('a machine without it is told what installs it', async () => {
  vi.stubEnv('PATH', join(folder, 'nothing'));
  await expect(
    withRestic(access, { ...around, environment: process.env }, (restic) => restic(['snapshots'])),
  ).rejects.toMatchObject({
    kind: 'no-restic',
    failure: 'input',
    advice: expect.stringMatching(/install restic/),
  });
});
