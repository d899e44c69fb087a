import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Image, imageArchive, imageLayer } from '../../../../src/artifacts/images/layout.ts';
import { readImageArchive } from '../../../../src/artifacts/images/read.ts';
import { archive } from '../../../../src/util/host/archive.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haup-images-'));
});
afterEach(() => rm(folder, { recursive: true }));

function image(content = '#!/bin/sh\n'): Image {
  return {
    name: 'registry.example.org/tools/echo:1',
    architecture: 'amd64',
    layers: [
      imageLayer([
        { path: '/usr/bin/echo', content, mode: 0o755 },
        { path: '/etc/passwd', content: 'root:x:0:0::/:\n', mode: 0o644 },
      ]),
    ],
    entrypoint: ['/usr/bin/echo'],
    user: '1000:1000',
  };
}

async function written(content: Buffer, name = 'image.tar'): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

test('an image is an OCI layout whose digests are those of its blobs', async () => {
  const path = await written(imageArchive(image()));
  execFileSync('tar', ['-xf', path, '-C', folder]);
  const json = async (file: string) => JSON.parse(await readFile(join(folder, file), 'utf8'));
  const blob = async (digest: string) => {
    const content = await readFile(join(folder, 'blobs', digest.replace(':', '/')));
    expect(`sha256:${createHash('sha256').update(content).digest('hex')}`).toBe(digest);
    return content;
  };
  expect(await json('oci-layout')).toEqual({ imageLayoutVersion: '1.0.0' });
  const [entry] = (await json('index.json')).manifests;
  expect(entry.annotations).toEqual({
    'io.containerd.image.name': 'registry.example.org/tools/echo:1',
    'org.opencontainers.image.ref.name': '1',
  });
  const manifest = JSON.parse((await blob(entry.digest)).toString());
  const config = JSON.parse((await blob(manifest.config.digest)).toString());
  expect(config.config).toMatchObject({ Entrypoint: ['/usr/bin/echo'], User: '1000:1000' });
  const layer = await written(await blob(manifest.layers[0].digest), 'layer.tar.gz');
  const listed = execFileSync('tar', ['-tzvf', layer]).toString();
  expect(listed.split('\n').map((line) => line.split(' ').at(-1))).toEqual([
    ...['etc/', 'usr/', 'usr/bin/', 'usr/bin/echo', 'etc/passwd', ''],
  ]);
  expect(listed).toMatch(/^drwxr-xr-x root\/root .* 1970-01-01/);
  expect(execFileSync('sh', ['-c', `gunzip -c ${layer} | sha256sum`]).toString()).toContain(
    config.rootfs.diff_ids[0].slice(7),
  );
});

test('the same image makes the same bytes, another another', () => {
  expect(imageArchive(image()).equals(imageArchive(image()))).toBe(true);
  expect(imageArchive(image()).equals(imageArchive(image('#!/bin/bash\n')))).toBe(false);
});

test('images with a layer in common have it once, each with its own on top', async () => {
  const base = image();
  const top = imageLayer([{ path: '/hello', content: 'hello', mode: 0o644 }]);
  const second = { ...base, name: 'registry.example.org/tools/hello:1', layers: [...base.layers, top] };
  const { images } = await readImageArchive(await written(imageArchive(base, second)));
  expect(images.map(({ name }) => name)).toEqual([base.name, second.name]);
  execFileSync('tar', ['-xf', join(folder, 'image.tar'), '-C', folder]);
  // Two layers, two manifests and two configurations.
  expect(await readdir(join(folder, 'blobs/sha256'))).toHaveLength(6);
});

test('what was written is read again, gzipped or not', async () => {
  const bytes = imageArchive(image());
  const plain = await readImageArchive(await written(bytes));
  expect(plain).toMatchObject({
    bytes: bytes.length,
    images: [{ name: 'registry.example.org/tools/echo:1', digest: expect.stringMatching(/^sha256:/) }],
  });
  const packed = await readImageArchive(await written(gzipSync(bytes), 'image.tar.gz'));
  expect(packed.images).toEqual(plain.images);
});

test('what docker save wrote of old is read', async () => {
  const entry = (path: string, content: string) => ({ path, content, mode: 0o644, owner: 'root' });
  const manifest = [{ Config: 'c.json', RepoTags: ['echo:1'], Layers: ['l/layer.tar'] }];
  const files = [entry('manifest.json', JSON.stringify(manifest)), entry('c.json', '{}')];
  const whole = await written(archive([...files, entry('l/layer.tar', 'x')]));
  expect((await readImageArchive(whole)).images).toEqual([{ name: 'echo:1', digest: null }]);
  await expect(readImageArchive(await written(archive(files)))).rejects.toThrow(/echo:1 lacks l\/layer\.tar/);
});

test('what is none is refused, with its path and the reason', async () => {
  const bytes = imageArchive(image());
  const entry = (path: string, content: string) => ({ path, content, mode: 0o644, owner: 'root' });
  const cases: [Buffer | null, RegExp][] = [
    [null, /no such file/],
    [Buffer.alloc(0), /it is empty/],
    [Buffer.from('#!/bin/sh\necho hello\n'.repeat(50)), /it is not a tar file/],
    [gzipSync('hello'.repeat(300)), /it is not a tar file/],
    [archive([entry('readme', 'hello')]), /neither index\.json nor manifest\.json/],
    [archive([entry('index.json', '{')]), /its index is not JSON/],
    [archive([entry('index.json', '{"schemaVersion":2,"manifests":[]}')]), /its index says manifests/],
    [bytes.subarray(0, 3000), /it ends early|lacks/],
  ];
  for (const [content, why] of cases) {
    const path = content === null ? join(folder, 'missing.tar') : await written(content);
    await expect(readImageArchive(path), String(why)).rejects.toMatchObject({
      kind: 'usage',
      message: expect.stringMatching(why),
    });
  }
});

test('a layer that is missing and a manifest that was changed are noticed', async () => {
  const path = await written(imageArchive(image()));
  execFileSync('tar', ['-xf', path, '-C', folder]);
  const index = JSON.parse(await readFile(join(folder, 'index.json'), 'utf8'));
  const manifestFile = join(folder, 'blobs', index.manifests[0].digest.replace(':', '/'));
  const manifest = JSON.parse(await readFile(manifestFile, 'utf8'));
  const pack = async () => {
    execFileSync('tar', ['-cf', path, '-C', folder, 'oci-layout', 'index.json', 'blobs']);
    return path;
  };
  await rm(join(folder, 'blobs', manifest.layers[0].digest.replace(':', '/')));
  await expect(readImageArchive(await pack())).rejects.toThrow(/tools\/echo:1 lacks the blob sha256:/);
  await writeFile(manifestFile, JSON.stringify({ ...manifest, layers: [] }));
  await expect(readImageArchive(await pack())).rejects.toThrow(/the manifest of .* is damaged/);
});

test('an archive that is too large to be sent is refused before anything is made for it', async () => {
  const path = await written(Buffer.from(''));
  await truncate(path, 2 ** 31);
  await expect(readImageArchive(path)).rejects.toThrow(/2 GiB or more, which haup cannot send/);
});
