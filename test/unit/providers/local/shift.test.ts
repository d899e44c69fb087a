import { chmod, chown, link, lstat, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { shiftOwners } from '../../../../src/providers/local/image/shift.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'haup-shift-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

test.skipIf(process.getuid?.() !== 0)(
  'every owner is shifted once, with the bits that a change of owner takes away kept',
  async () => {
    await mkdir(join(root, 'bin'));
    await writeFile(join(root, 'bin/su'), '');
    await chown(join(root, 'bin/su'), 0, 42);
    await chmod(join(root, 'bin/su'), 0o6755);
    await link(join(root, 'bin/su'), join(root, 'bin/su-too'));
    await symlink('/etc/passwd', join(root, 'bin/link'));
    await mkdir(join(root, 'mail'));
    await chmod(join(root, 'mail'), 0o3777);
    const passwd = await lstat('/etc/passwd');
    await shiftOwners(root, 1000);
    const look = async (path: string) => {
      const { uid, gid, mode } = await lstat(join(root, path));
      return [uid, gid, mode & 0o7777];
    };
    expect((await look('.')).slice(0, 2)).toEqual([1000, 1000]);
    expect(await look('bin/su')).toEqual([1000, 1042, 0o6755]);
    expect(await look('bin/su-too')).toEqual([1000, 1042, 0o6755]);
    expect((await look('bin/link')).slice(0, 2)).toEqual([1000, 1000]);
    expect(await look('mail')).toEqual([1000, 1000, 0o3777]);
    expect((await lstat('/etc/passwd')).uid).toBe(passwd.uid);
  },
);
