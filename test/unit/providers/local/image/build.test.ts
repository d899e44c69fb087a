import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { buildFrom, furnish } from '../../../../../src/providers/local/image/build.ts';

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

/** Builds from mirrors with these names, where debootstrap does `body` with the mirror as $mirror and its folder as $target. */
async function build(body: string, ...names: string[]): Promise<void> {
  const bin = join(folder, 'bin');
  await mkdir(bin);
  const words = 'for word; do target=$mirror; mirror=$word; done; echo "$mirror" >>"$ASKED"';
  await writeFile(join(bin, 'setpriv'), `#!/bin/sh\n${words}\n${body}\n`, { mode: 0o755 });
  const source = { suite: 'trixie', components: ['main'], signedBy: null };
  const mirrors = names.map((name) => ({ ...source, uri: `http://${name}.example/debian` }));
  const environment = { PATH: `${bin}:/usr/bin:/bin`, ASKED: join(folder, 'asked') };
  await buildFrom(mirrors, join(folder, 'image'), { environment });
}

const asked = async () => (await readFile(join(folder, 'asked'), 'utf8')).trim().split('\n');

test('where no mirror can do it, the failure of the first is told, which is the likeliest', async () => {
  await expect(build('echo "E: from $mirror"; exit 1', 'own', 'vendor')).rejects.toMatchObject({
    kind: 'transient',
    message: 'debootstrap could not make the machine image: E: from http://own.example/debian',
  });
  expect(await asked()).toHaveLength(2);
});

test.each([
  ['on its output', 'echo "Cannot write: No space left on device" >&2'],
  [
    'in its log',
    'mkdir -p "$target/debootstrap"; echo "dpkg: error: No space left on device" >"$target/debootstrap/debootstrap.log"',
  ],
])('a full disk that debootstrap tells %s is told, and no other mirror tried', async (_, body) => {
  await expect(build(`${body}; exit 1`, 'own', 'vendor')).rejects.toMatchObject({
    kind: 'preflight',
    message: `${folder} has no room for the machine image`,
  });
  expect(await asked()).toEqual(['http://own.example/debian']);
  expect(await readdir(folder)).not.toContain('image');
});
