import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { share } from '../../../../../src/providers/local/machine/share.ts';

test('programs that the owner may run, everybody may; nobody more may write, and nothing else is shown', async () => {
  const root = await mkdtemp(join(tmpdir(), 'haup-share-'));
  try {
    const folder = join(root, 'bin');
    await mkdir(folder);
    await writeFile(join(folder, 'etcd'), '');
    await writeFile(join(folder, 'notes'), '');
    await chmod(join(folder, 'etcd'), 0o700);
    await chmod(join(folder, 'notes'), 0o600);
    await chmod(folder, 0o700);
    await share(folder);
    const mode = async (path: string) => (await stat(path)).mode & 0o7777;
    expect(await mode(folder)).toBe(0o755);
    expect(await mode(join(folder, 'etcd'))).toBe(0o755);
    expect(await mode(join(folder, 'notes'))).toBe(0o600);
    expect(await mode(root)).toBe(0o700);
    await share(join(root, 'new'));
    expect((await mode(join(root, 'new'))) & 0o555).toBe(0o555);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});
