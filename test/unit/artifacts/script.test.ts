import { execFileSync, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { PINS } from '../../../src/artifacts/pins.ts';
import { downloadScript } from '../../../src/artifacts/script.ts';
import { BINARIES, listDownloads, programsOf, type Release } from '../../../src/artifacts/sources.ts';
import type { Sums } from '../../../src/artifacts/sums.ts';
import { resolveSums } from '../../../src/artifacts/sums.ts';
import type { ClusterSpec } from '../../../src/cluster/model/spec.ts';
import { binariesFor } from '../../../src/cluster/world/config/binaries.ts';
import { type FileServer, mirrorOf, sha256, smallBinaries, startFileServer } from './file-server.ts';

const release: Release = { kubernetesVersion: 'v1.37.1', etcdVersion: 'v3.7.3', arch: 'amd64' };
const contents = smallBinaries();
let folder: string;
let server: FileServer;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haup-script-'));
  server = await startFileServer(mirrorOf(release, contents));
});

afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

const insecure = true; // the server of these tests has no certificate
const mirrored = async (which = release) => {
  const downloads = listDownloads(which, { mirror: server.url, insecure });
  const sums = await resolveSums(downloads, { insecure });
  server.requests.length = 0;
  return downloadScript({ amd64: downloads }, sums, { folder: `${folder}/bin`, insecure });
};

/** What a cluster keeps of the files that its machines download. */
function memoryOf(known: Sums = {}) {
  const memory = {
    spec: { kubernetesVersion: 'v1.37.1', etcdVersion: 'v3.7.3' } as ClusterSpec,
    sums: known,
    rememberSums: async (found: Sums) => {
      memory.sums = { ...found, ...memory.sums };
    },
  };
  return memory;
}

async function fromMirror(memory: ReturnType<typeof memoryOf>) {
  vi.stubEnv('HAUP_MIRROR', server.url);
  vi.stubEnv('HAUP_MIRROR_INSECURE', '1');
  try {
    return await binariesFor(memory, memory.spec, 'master', { kind: 'download' }, process.env);
  } finally {
    vi.unstubAllEnvs();
  }
}

/** Runs the script as a machine of that kind does: by sh, from standard input. */
async function run(script: string, machine = 'x86_64'): Promise<{ code: number | null; stderr: string }> {
  await mkdir(`${folder}/tools`, { recursive: true });
  await writeFile(`${folder}/tools/uname`, `#!/bin/sh\necho ${machine}\n`, { mode: 0o755 });
  const env = { ...process.env, PATH: `${folder}/tools:${process.env.PATH}` };
  return new Promise((resolve) => {
    const child = spawn('sh', [], { stdio: ['pipe', 'ignore', 'pipe'], env });
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.on('close', (code) => resolve({ code, stderr }));
    child.stdin.end(script);
  });
}

test('all six executables are put in place from a mirror', async () => {
  expect(await run(await mirrored())).toMatchObject({ code: 0 });
  for (const name of BINARIES) expect(execFileSync(join(folder, 'bin', name)).toString()).toBe(`${name}\n`);
});

test('a machine with an ARM processor gets the executables for it', async () => {
  const arm: Release = { ...release, arch: 'arm64' };
  const made = (name: string) => Buffer.from(`#!/bin/sh\necho ${name} for ARM\n`);
  const forArm = Object.fromEntries(BINARIES.map((name) => [name, made(name)])) as typeof contents;
  for (const [path, content] of mirrorOf(arm, forArm)) server.files.set(path, content);
  const source = await fromMirror(memoryOf());
  const script = (source as { script: string }).script.replaceAll('/opt/haup/bin', `${folder}/bin`);
  expect(await run(script, 'aarch64')).toMatchObject({ code: 0 });
  // A master has a folder for each release.
  const etcd = join(folder, 'bin', 'v1.37.1+etcd-v3.7.3', 'etcd');
  expect(execFileSync(etcd).toString()).toBe('etcd for ARM\n');
  expect(await run(script, 'x86_64')).toMatchObject({ code: 0 });
  expect(execFileSync(etcd).toString()).toBe('etcd\n');
});

test('a machine with another processor is refused by name, and nothing is fetched', async () => {
  const { code, stderr } = await run(await mirrored(), 'riscv64');
  expect(code).toBe(1);
  expect(stderr).toContain('installed for amd64; this machine is riscv64');
  expect(server.requests).toEqual([]);
});

test('etcd and etcdctl come out of the official archive, which is fetched once', async () => {
  const stem = 'etcd-v3.7.3-linux-amd64';
  const source = join(folder, stem);
  execFileSync('mkdir', [source]);
  await writeFile(join(source, 'etcd'), contents.etcd);
  await writeFile(join(source, 'etcdctl'), contents.etcdctl);
  await writeFile(join(source, 'etcdutl'), contents.etcdutl);
  const archive = execFileSync('tar', ['-czf', '-', '-C', folder, stem]);
  server.files.set(`/v3.7.3/${stem}.tar.gz`, archive);
  const sums = `${'0'.repeat(64)}  other.tar.gz\n${sha256(archive)}  ${stem}.tar.gz\n`;
  server.files.set('/v3.7.3/SHA256SUMS', Buffer.from(sums));
  const downloads = listDownloads(release, { origins: { kubernetes: server.url, etcd: server.url } }).slice(
    -1,
  );
  const known = await resolveSums(downloads, { insecure });
  const script = downloadScript({ amd64: downloads }, known, { folder: `${folder}/bin`, insecure });
  expect(await run(script)).toMatchObject({ code: 0 });
  expect(execFileSync(join(folder, 'bin', 'etcdctl')).toString()).toBe('etcdctl\n');
  expect(server.requests.filter((line) => line.endsWith('.tar.gz'))).toHaveLength(1);
});

test('run again it asks for nothing; an executable that was changed is fetched again', async () => {
  await run(await mirrored());
  expect(await run(await mirrored())).toMatchObject({ code: 0 });
  expect(server.requests).toEqual([]);
  await writeFile(join(folder, 'bin', 'etcd'), 'damaged');
  expect(await run(await mirrored())).toMatchObject({ code: 0 });
  expect((await readFile(join(folder, 'bin', 'etcd'))).equals(contents.etcd)).toBe(true);
});

test('another version replaces the one that is there', async () => {
  await run(await mirrored());
  const newer = { ...release, kubernetesVersion: 'v1.37.9' };
  const changed = { ...contents, kubectl: Buffer.from('#!/bin/sh\necho newer\n') };
  for (const [path, content] of mirrorOf(newer, changed)) server.files.set(path, content);
  expect(await run(await mirrored(newer))).toMatchObject({ code: 0 });
  expect(execFileSync(join(folder, 'bin', 'kubectl')).toString()).toBe('newer\n');
});

test('a connection that drops is taken up where it dropped', async () => {
  const path = '/kubernetes/v1.37.1/amd64/kubectl';
  let dropped = false;
  server.misbehave = (request, response) => {
    if (request.url !== path || dropped) return false;
    dropped = true;
    response.writeHead(200, { 'content-length': contents.kubectl.length });
    response.write(contents.kubectl.subarray(0, 10), () => response.destroy());
    return true;
  };
  expect(await run(await mirrored())).toMatchObject({ code: 0 });
  expect(server.requests).toContain(`GET ${path} bytes=10-`);
});

test('what does not have its checksum is never put in place, and the exit code says so', {
  timeout: 60_000,
}, async () => {
  const script = await mirrored();
  server.files.set('/etcd/v3.7.3/amd64/etcd', Buffer.from('something else'));
  const { code, stderr } = await run(script.replaceAll('sleep "$attempt"', ':'));
  expect(code).toBe(1);
  expect(stderr).toMatch(/gave up on .*\/etcd\n/);
  expect((await readdir(join(folder, 'bin'))).filter((name) => !name.startsWith('.'))).toEqual(
    BINARIES.filter((name) => name !== 'etcd').sort(),
  );
});

test('two at once do not disturb each other', async () => {
  const script = await mirrored();
  const [first, second] = await Promise.all([run(script), run(script)]);
  expect([first.code, second.code]).toEqual([0, 0]);
  expect(server.requests.filter((line) => line.endsWith('/kubectl'))).toHaveLength(1);
});

test('a machine asks nobody what a file must be: it is told, once for the whole life of the cluster', async () => {
  const memory = memoryOf();
  await fromMirror(memory);
  expect(Object.keys(memory.sums)).toHaveLength(7);
  const asked = server.requests.filter((line) => line.endsWith('.sha256'));
  expect(asked.filter((line) => line.includes('amd64'))).toHaveLength(7);
  // Whoever has the mirror now serves another file, with its sum beside it: nobody takes it for the one that was there.
  server.files.set('/etcd/v3.7.3/amd64/etcd', Buffer.from('another'));
  server.files.set('/etcd/v3.7.3/amd64/etcd.sha256', Buffer.from(sha256(Buffer.from('another'))));
  server.requests.length = 0;
  const source = (await fromMirror(memory)) as { script: string };
  const script = source.script
    .replaceAll('/opt/haup/bin', `${folder}/bin`)
    .replaceAll('sleep "$attempt"', ':');
  const { code, stderr } = await run(script);
  expect(code).toBe(1);
  expect(stderr).toContain(`does not have the SHA-256 ${sha256(contents.etcd)}`);
  expect(server.requests.filter((line) => line.endsWith('amd64/etcd.sha256'))).toEqual([]);
});

test('a machine takes nothing over plain http, unless that was said', async () => {
  const downloads = listDownloads(release, { mirror: server.url, insecure });
  const sums = await resolveSums(downloads, { insecure });
  server.requests.length = 0;
  const script = downloadScript({ amd64: downloads }, sums, { folder: `${folder}/bin` });
  const { code } = await run(script.replaceAll('sleep "$attempt"', ':'));
  expect(code).toBe(1);
  expect(server.requests).toEqual([]);
});

test('a sum that is pinned is not asked for', async () => {
  const [download] = listDownloads(release);
  const sums = await resolveSums([{ ...download!, checksumUrl: `${server.url}/never` }], { insecure });
  expect(sums).toEqual({ [download!.url]: PINS['kubernetes v1.37.1']['amd64/kube-apiserver'] });
  expect(server.requests).toEqual([]);
});

test("a node's machine is told what its executables must be, by the same table", async () => {
  const node = { role: 'node', kubernetesVersion: 'v1.37.1', arch: 'amd64' } as const;
  for (const { url, fileName } of listDownloads(node, { mirror: server.url, insecure })) {
    const content = Buffer.from(`#!/bin/sh\necho ${fileName}\n`);
    server.files.set(new URL(url).pathname, content);
    server.files.set(`${new URL(url).pathname}.sha256`, Buffer.from(sha256(content)));
  }
  vi.stubEnv('HAUP_MIRROR', server.url);
  vi.stubEnv('HAUP_MIRROR_INSECURE', '1');
  const memory = memoryOf();
  const binaries = await binariesFor(memory, memory.spec, 'node', { kind: 'download' }, process.env);
  vi.unstubAllEnvs();
  if (binaries.kind !== 'download') throw new Error('a script was expected');
  for (const name of programsOf('node')) expect(binaries.script).toContain(name);
  expect(binaries.script).not.toContain('kube-apiserver');
});
