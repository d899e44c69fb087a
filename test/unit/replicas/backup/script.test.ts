import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { shellScript } from '../../../../src/ssh/script.ts';
import { tryExec } from '../../../../src/util/exec.ts';
import { fakeProgram } from '../../../support/fake-program.ts';

/** A master whose member leads, of programs that say what they are told here. */
let folder: string;
const at = (name: string): string => join(folder, name);

const program = (name: string, script: string): void => fakeProgram(folder, name, script);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'haup-backup-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(at('state'));
  for (const file of ['sealed.age', 'store-revision']) writeFileSync(at(file), '12\n');
  const status = { header: { member_id: '7' }, dbSize: `${300 * 1024 * 1024}`, leader: '7' };
  program('curl', `echo '${JSON.stringify(status)}'`);
  program('systemctl', `echo '{ path=${folder}/etcd ; argv[]=${folder}/etcd ; }'`);
  program('etcdctl', `for to; do :; done; echo data >"$to"`);
  program('etcdutl', `echo '{"hash":1,"revision":2,"totalKey":3}'`);
  program('restic', `echo 'Added to the repository: 1 KiB'; echo 'snapshot 0a1b2c3d saved'`);
  free(4096);
});

/** On the disk, in MiB. */
function free(mib: number): void {
  program('df', `echo 'Filesystem 1024-blocks Used Available'; echo "/dev/x 9 9 ${mib * 1024} 1% /"`);
}

async function take() {
  const script = shellScript('replicas/scripts/backup.sh', ['pki', 'url', 'cluster', 'uid', 'folder']);
  const text = script({ pki: folder, url: 'http://x', cluster: 'demo', uid: 'u', folder });
  const env = {
    PATH: `${folder}:${process.env.PATH}`,
    STATE_DIRECTORY: at('state'),
    CREDENTIALS_DIRECTORY: folder,
  };
  const { code } = await tryExec('sh', ['-c', text], { env });
  const read = (file: string) =>
    existsSync(at(`state/${file}`)) ? readFileSync(at(`state/${file}`), 'utf8') : null;
  return { code, last: read('last'), failure: read('failure') };
}

test('a backup is taken where there is room for it, and for etcd', async () => {
  free(400);
  const { code, last, failure } = await take();
  expect({ code, failure }).toEqual({ code: 0, failure: null });
  expect(JSON.parse(last!)).toMatchObject({ id: '0a1b2c3d', size: 5, store: 12 });
});

test('a repository that somebody has locked is said to be', async () => {
  const by = 'PID 7 on laptop by me (UID 1000, GID 1000)';
  const words = `Fatal: unable to create lock in backend: repository is already locked exclusively by ${by}`;
  program(
    'restic',
    `printf '%s\\n' '${words}' 'lock was created at 2026-11-26 (1m ago)' 'storage ID 1f' >&2; exit 11`,
  );
  const { code, failure } = await take();
  expect(code).toBe(1);
  expect(failure).toMatch(/Z restic: repository is already locked exclusively by PID 7 on laptop .*\)\n$/);
});

test('a disk that a snapshot would fill is left alone, and said to be full', async () => {
  free(399);
  program('etcdctl', `touch ${folder}/asked`);
  const { code, failure } = await take();
  expect(code).toBe(1);
  expect(failure).toMatch(/^\S+Z \S+ has 399 MiB free for a snapshot of etcd, and 400 MiB are needed\n$/);
  expect(existsSync(at('asked'))).toBe(false);
});
