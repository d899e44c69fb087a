import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Builder, goBuilder } from '../../../src/artifacts/build/build.ts';
import { type EnsureOptions, ensureBinaries, ensureNodeBinaries } from '../../../src/artifacts/ensure.ts';
import type { ArtifactProgress } from '../../../src/artifacts/progress.ts';
import { BINARIES, programsOf, type Release } from '../../../src/artifacts/sources.ts';
import { type FileServer, mirrorOf, sha256, smallBinaries, startFileServer } from './file-server.ts';

const release: Release = { kubernetesVersion: 'v1.37.1', etcdVersion: 'v3.7.3', arch: 'amd64' };
const contents = smallBinaries();
let cache: string;
let folder: string;
let server: FileServer;
let progress: ArtifactProgress[];

beforeEach(async () => {
  vi.stubEnv('HAUP_MIRROR', '');
  vi.stubEnv('HAUP_BUILD', '');
  cache = await mkdtemp(join(tmpdir(), 'haup-ensure-'));
  folder = join(cache, 'binaries', 'v1.37.1+etcd-v3.7.3-amd64');
  server = await startFileServer(mirrorOf(release, contents));
  progress = [];
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await server.close();
  await rm(cache, { recursive: true });
});

const ensure = (options: Partial<EnsureOptions> = {}) =>
  ensureBinaries({
    environment: process.env,
    ...release,
    cache,
    mirror: server.url,
    insecure: true, // the server of these tests has no certificate
    build: 'never',
    onProgress: (one) => progress.push(one),
    ...options,
  });

/** A real build script in bash, small enough for a test. */
async function smallBuilder(body: string): Promise<Builder> {
  const script = join(cache, 'build.sh');
  await writeFile(script, `set -eu\nout=$8\n${body}\n`);
  return goBuilder('master', script);
}
const BUILD_ALL = `for name in ${BINARIES.join(' ')}; do echo building $name >&2; echo built >$out/$name; chmod +x $out/$name; done`;

test('the executables come from a mirror, can be run, and their hashes are known', async () => {
  const got = await ensure();
  expect(got.folder).toBe(folder);
  expect(got.provenance).toEqual({ kind: 'mirror', detail: server.url });
  for (const name of BINARIES) {
    expect(execFileSync(join(folder, name)).toString()).toBe(`${name}\n`);
    expect(got.sha256[name]).toBe(sha256(contents[name]));
  }
  expect(progress).toContainEqual({
    kind: 'download',
    file: 'etcd',
    received: contents.etcd.length,
    total: contents.etcd.length,
  });
});

test('they come out of the official layout, etcd from its archive', async () => {
  server.files.clear();
  for (const name of BINARIES.filter((one) => one.startsWith('kube'))) {
    server.files.set(`/k/v1.37.1/bin/linux/amd64/${name}`, contents[name]);
    server.files.set(`/k/v1.37.1/bin/linux/amd64/${name}.sha256`, Buffer.from(sha256(contents[name])));
  }
  const stem = 'etcd-v3.7.3-linux-amd64';
  await mkdir(join(cache, stem));
  await writeFile(join(cache, stem, 'etcd'), contents.etcd);
  await writeFile(join(cache, stem, 'etcdctl'), contents.etcdctl);
  await writeFile(join(cache, stem, 'etcdutl'), contents.etcdutl);
  const archive = execFileSync('tar', ['-czf', '-', '-C', cache, stem]);
  server.files.set(`/e/v3.7.3/${stem}.tar.gz`, archive);
  const sums = `${'0'.repeat(64)}  etcd-v3.7.3-linux-arm64.tar.gz\n${sha256(archive)}  ${stem}.tar.gz\n`;
  server.files.set('/e/v3.7.3/SHA256SUMS', Buffer.from(sums));
  const origins = { kubernetes: `${server.url}/k`, etcd: `${server.url}/e` };
  const got = await ensure({ mirror: undefined, origins });
  expect(got.provenance.kind).toBe('official release');
  for (const name of BINARIES) expect(execFileSync(join(folder, name)).toString()).toBe(`${name}\n`);
  expect((await readdir(folder)).sort()).toEqual([...BINARIES, 'manifest.json'].sort());
});

test('the second time nothing is asked for', async () => {
  await ensure();
  const before = server.requests.length;
  const again = await ensure();
  expect(server.requests).toHaveLength(before);
  expect(again.sha256.kubectl).toBe(sha256(contents.kubectl));
});

test('several at once fetch each file once', async () => {
  const all = await Promise.all([ensure(), ensure(), ensure()]);
  expect(new Set(all.map((one) => one.folder))).toEqual(new Set([folder]));
  expect(server.requests.filter((line) => line.endsWith('/kubectl'))).toHaveLength(1);
});

test('two releases that share a file, at once, each write a file of their own', async () => {
  const other: Release = { ...release, etcdVersion: 'v3.7.2' };
  for (const [path, content] of mirrorOf(other, contents)) server.files.set(path, content);
  const kubectl = '/kubernetes/v1.37.1/amd64/kubectl';
  const half = contents.kubectl.length >> 1;
  const waiting: (() => void)[] = [];
  server.misbehave = (request, response) => {
    if (request.url !== kubectl) return false;
    response.writeHead(200, { 'content-length': contents.kubectl.length });
    response.write(contents.kubectl.subarray(0, half));
    waiting.push(() => response.end(contents.kubectl.subarray(half)));
    if (waiting.length === 2) for (const finish of waiting) finish();
    return true;
  };
  const both = await Promise.all([ensure(), ensure({ etcdVersion: 'v3.7.2' })]);
  expect(waiting).toHaveLength(2);
  for (const got of both) {
    expect(execFileSync(join(got.folder, 'kubectl')).toString()).toBe('kubectl\n');
    expect(got.sha256.kubectl).toBe(sha256(contents.kubectl));
  }
  expect(await readdir(join(cache, 'downloads'))).toEqual([]);
});

test('what had come before a failure is not asked for again', async () => {
  server.misbehave = (request, response) => {
    if (!request.url!.endsWith('/kubectl')) return false;
    response.writeHead(200, { 'content-length': contents.kubectl.length });
    response.write(contents.kubectl.subarray(0, 4), () => response.destroy());
    server.misbehave = (next, answer) => {
      if (next.url!.endsWith('/kubectl')) answer.writeHead(404).end();
      return next.url!.endsWith('/kubectl');
    };
    return true;
  };
  await expect(ensure()).rejects.toMatchObject({ kind: 'not-found' });
  server.misbehave = () => false;
  await ensure();
  expect(server.requests.filter((line) => line.endsWith('/kubectl bytes=4-')).length).toBeGreaterThan(0);
  expect(await readdir(join(cache, 'downloads'))).toEqual([]);
});

test('what an older haup did not put there is added, and nothing else is asked for or moved', async () => {
  await ensure();
  const manifest = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'));
  delete manifest.binaries.etcdutl;
  await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest));
  await rm(join(folder, 'etcdutl'));
  const [before, asked] = [await stat(folder), server.requests.length];
  const got = await ensure();
  expect(got.sha256.etcdutl).toBe(sha256(contents.etcdutl));
  expect(execFileSync(join(folder, 'etcdutl')).toString()).toBe('etcdutl\n');
  expect((await stat(folder)).ino).toBe(before.ino);
  expect(server.requests.slice(asked).filter((line) => !/etcdutl(\.sha256)?$/.test(line))).toEqual([]);
  expect((await readdir(join(cache, 'binaries'))).sort()).toEqual([folder.split('/').at(-1)]);
});

test('where that has to be built, it alone is', async () => {
  await ensure();
  const manifest = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'));
  delete manifest.binaries.etcdutl;
  await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest));
  const builder = await smallBuilder('[ "$9" = --only ] && [ $# = 10 ] && echo built >$out/etcdutl');
  expect((await ensure({ build: 'always', builder })).provenance.kind).toBe('built from Go modules');
  expect(execFileSync(join(folder, 'etcd')).toString()).toBe('etcd\n');
});

test('a cached executable that was changed is fetched again', async () => {
  await ensure();
  await writeFile(join(folder, 'kubectl'), '#!/bin/sh\necho evil\n', { mode: 0o755 });
  await ensure();
  expect(execFileSync(join(folder, 'kubectl')).toString()).toBe('kubectl\n');
  const text = `The binaries in ${folder} are not used: kubectl is not what was installed.`;
  expect(progress).toContainEqual({ kind: 'message', text });
});

test('an executable that was only touched is still good', async () => {
  await ensure();
  const before = server.requests.length;
  await utimes(join(folder, 'kubectl'), new Date(), new Date(1e12));
  await ensure();
  expect(server.requests).toHaveLength(before);
});

test.each(['', '{"format":99}'])('a folder whose manifest is %j is not trusted', async (manifest) => {
  await ensure();
  await writeFile(join(folder, 'manifest.json'), manifest);
  await writeFile(join(folder, 'etcd'), 'half');
  await ensure();
  expect((await readFile(join(folder, 'etcd'))).equals(contents.etcd)).toBe(true);
});

test('a wrong checksum leaves no folder behind, and the right files can be had afterwards', async () => {
  const path = '/etcd/v3.7.3/amd64/etcd';
  server.files.set(path, Buffer.from('something else'));
  await expect(ensure()).rejects.toMatchObject({
    kind: 'checksum',
    message: expect.stringMatching(/etcd has SHA-256/),
  });
  expect(await readdir(join(cache, 'binaries'))).toEqual([]);
  server.files.set(path, contents.etcd);
  await ensure();
});

test('a release that does not exist is not built instead: the user mistyped', async () => {
  server.files.clear();
  await expect(ensure({ build: 'auto', builder: await smallBuilder(BUILD_ALL) })).rejects.toMatchObject({
    kind: 'not-found',
    advice: expect.stringMatching(/Put that release on the mirror/),
  });
});

test('offline and unable to build, the error says what was tried and what to do', async () => {
  await server.close();
  await expect(ensure()).rejects.toMatchObject({
    kind: 'unreachable',
    message: expect.stringMatching(
      /cannot reach 127\.0\.0\.1.*Kubernetes v1\.37\.1 and etcd v3\.7\.3 for amd64/,
    ),
    advice: expect.stringMatching(/HAUP_MIRROR.*building is switched off/),
  });
  expect(await readdir(join(cache, 'binaries'))).toEqual([]);
  server = await startFileServer();
});

test('offline with a builder, the binaries are built and say so', async () => {
  await server.close();
  const got = await ensure({ build: 'auto', builder: await smallBuilder(BUILD_ALL) });
  expect(got.provenance.kind).toBe('built from Go modules');
  expect(got.provenance.detail).toMatch(/^go1\.\d+.*, build-binaries\.sh [0-9a-f]{12}$/);
  expect(progress[0]).toMatchObject({
    kind: 'message',
    text: expect.stringMatching(/Building the binaries from their Go modules/),
  });
  expect(progress).toContainEqual({
    kind: 'build',
    line: expect.stringMatching(/^building etcdctl, for \d+s$/),
  });
  expect((await ensure({ build: 'never' })).provenance).toEqual(got.provenance);
  server = await startFileServer();
});

test('HAUP_BUILD=1 builds without asking the network', async () => {
  vi.stubEnv('HAUP_BUILD', '1');
  await ensureBinaries({
    environment: process.env,
    ...release,
    cache,
    mirror: server.url,
    builder: await smallBuilder(BUILD_ALL),
  });
  expect(server.requests).toEqual([]);
});

test('a build that fails shows its last words and leaves nothing', async () => {
  const builder = await smallBuilder('echo no space for compilers >&2; exit 7');
  await expect(ensure({ build: 'always', builder })).rejects.toMatchObject({
    kind: 'build',
    message: expect.stringMatching(/exit code 7\): no space for compilers/),
  });
  expect(await readdir(join(cache, 'binaries'))).toEqual([]);
});

test('an aborted build ends its children too', async () => {
  const abort = new AbortController();
  const builder = await smallBuilder('sleep 1000 & echo "child $!" >&2; wait');
  let child = 0;
  const onProgress = (one: ArtifactProgress) => {
    if (one.kind !== 'build') return;
    child = Number(one.line.split(' ')[1]);
    abort.abort(new Error('interrupted'));
  };
  await expect(ensure({ build: 'always', builder, signal: abort.signal, onProgress })).rejects.toThrow(
    'interrupted',
  );
  await vi.waitFor(async () => {
    const state = await readFile(`/proc/${child}/stat`, 'utf8').catch(() => 'gone');
    expect(state).toMatch(/^gone$|\) Z /);
  });
});

test('what a killed haup left half-made is cleared away', async () => {
  const left = join(cache, 'binaries', '.new-v1.37.1+etcd-v3.7.3-amd64-12345678');
  await mkdir(left, { recursive: true });
  await ensure();
  expect(await readdir(join(cache, 'binaries'))).toEqual(['v1.37.1+etcd-v3.7.3-amd64']);
});

test('a cache that cannot be made is an error that names it and HAUP_CACHE', async () => {
  const file = join(cache, 'file');
  await writeFile(file, '');
  await expect(ensure({ cache: file })).rejects.toMatchObject({
    kind: 'disk',
    advice: expect.stringMatching(/HAUP_CACHE/),
  });
});

test('the executables can be read and run by everyone, and written by their owner alone', async () => {
  await ensure();
  expect((await stat(join(folder, 'etcd'))).mode & 0o777).toBe(0o755);
});

test("a node's executables are built into a folder of their own, by another script", async () => {
  const names = [...programsOf('node')];
  const script = join(cache, 'build-node.sh');
  await writeFile(
    script,
    `set -eu\necho "$*" >&2\nwhile [ "$1" != --output ]; do shift; done\nfor name in ${names.join(' ')}; do echo built >$2/$name; done\n`,
  );
  const got = await ensureNodeBinaries({
    environment: process.env,
    kubernetesVersion: '1.37.1',
    arch: 'amd64',
    cache,
    build: 'always',
    builder: goBuilder('node', script),
    onProgress: (one) => progress.push(one),
  });
  expect(got.folder).toMatch(/binaries\/node-v1\.37\.1\+containerd-v2\.4\.2\+cni-v1\.10\.0.*-amd64$/);
  expect((await readdir(got.folder)).sort()).toEqual([...names, 'manifest.json'].sort());
  expect(got.provenance.detail).toMatch(/, build-node-binaries\.sh /);
  expect(progress[0]).toMatchObject({
    line: expect.stringMatching(/^--kubernetes-version v1\.37\.1 --containerd-version v2/),
  });
});
