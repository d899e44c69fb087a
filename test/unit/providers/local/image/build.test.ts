import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { furnish } from '../../../../../src/providers/local/image/build.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haup-image-'));
});
afterEach(() => rm(folder, { recursive: true }));

test("a machine's users can read what is put into its image, whatever the umask of who makes it", async () => {
  const root = join(folder, 'root');
  await mkdir(join(root, 'etc/systemd/system'), { recursive: true });
  const before = process.umask(0o077);
  try {
    await furnish(root);
  } finally {
    process.umask(before);
  }
  const made = await readdir(root, { recursive: true, withFileTypes: true });
  const closed: string[] = [];
  for (const entry of made) {
    if (entry.isSymbolicLink()) continue;
    const path = join(entry.parentPath, entry.name);
    const wanted = entry.isDirectory() ? 0o755 : 0o644;
    if (((await stat(path)).mode & wanted) !== wanted) closed.push(path);
  }
  expect(made.map((entry) => entry.name)).toEqual(expect.arrayContaining(['bin', 'machine-id', 'boot']));
  expect(closed).toEqual([]);
});
