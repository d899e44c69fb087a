import { randomBytes } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { downloadFile } from '../../../../src/artifacts/download/download.ts';
import type { Clock } from '../../../../src/util/clock.ts';
import { type FileServer, sha256, startFileServer } from '../file-server.ts';

const content = randomBytes(300_000);
const hurried: Clock = { now: Date.now, sleep: async (_, signal) => signal?.throwIfAborted() };
let folder: string;
let part: string;
let server: FileServer;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haup-download-'));
  part = join(folder, 'file.part');
  server = await startFileServer(new Map([['/file', content]]));
});

afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

const download = (options: Parameters<typeof downloadFile>[3] = {}) =>
  downloadFile(`${server.url}/file`, part, sha256(content), {
    clock: hurried,
    insecure: true, // the server of these tests has no certificate
    ...options,
  });

/** The server sends `bytes` of what is asked for and then drops the connection, the first `times` times. */
function dropAfter(bytes: number, times: number): void {
  let left = times;
  server.misbehave = (request, response) => {
    if (left-- <= 0) return false;
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    response.writeHead(from ? 206 : 200, { 'content-length': content.length - from });
    response.write(content.subarray(from, from + bytes), () => response.destroy());
    return true;
  };
}

test('a file arrives whole, with its progress up to the last byte', async () => {
  const progress: [number, number | null][] = [];
  await download({ onBytes: (received, total) => progress.push([received, total]) });
  expect((await readFile(part)).equals(content)).toBe(true);
  expect(progress[0]).toEqual([0, content.length]);
  expect(progress.at(-1)).toEqual([content.length, content.length]);
});

test('an earlier, interrupted download is taken up where it ended', async () => {
  await writeFile(part, content.subarray(0, 100_000));
  const progress: number[] = [];
  await download({ onBytes: (received) => progress.push(received) });
  expect(server.requests).toEqual(['GET /file bytes=100000-']);
  expect(progress[0]).toBe(100_000);
  expect((await readFile(part)).equals(content)).toBe(true);
});

test('a connection that drops is taken up where it dropped, as often as it brings something', async () => {
  dropAfter(40_000, 6);
  await download();
  expect((await readFile(part)).equals(content)).toBe(true);
  expect(server.requests).toHaveLength(7);
  expect(server.requests[1]).toMatch(/bytes=\d+-/);
});

test('a server that knows no ranges sends the whole again, and it replaces what was there', async () => {
  await writeFile(part, content.subarray(0, 100_000));
  server.misbehave = (_, response) => {
    response.writeHead(200, { 'content-length': content.length }).end(content);
    return true;
  };
  await download();
  expect((await readFile(part)).equals(content)).toBe(true);
});

test('what was complete already is not sent again', async () => {
  await writeFile(part, content);
  await download();
  expect(server.requests).toEqual([`GET /file bytes=${content.length}-`]);
});

test('a wrong beginning left by an earlier download is thrown away and all is fetched again', async () => {
  await writeFile(part, randomBytes(100_000));
  await download();
  expect(server.requests).toEqual(['GET /file bytes=100000-', 'GET /file']);
  expect((await readFile(part)).equals(content)).toBe(true);
});

test('a file longer than it should be is thrown away and fetched again', async () => {
  await writeFile(part, Buffer.concat([content, content]));
  await download();
  expect((await readFile(part)).equals(content)).toBe(true);
});

test('a file with a wrong checksum is refused, and nothing of it is kept', async () => {
  server.files.set('/file', randomBytes(300_000));
  await expect(download()).rejects.toMatchObject({ name: 'ArtifactError', kind: 'checksum' });
  expect(await readdir(folder)).toEqual([]);
});

test('what another process adds to the file meanwhile is no part of it', async () => {
  let added = false;
  const onBytes = (received: number) => {
    if (received > 0 && !added) appendFileSync(part, randomBytes(1000));
    added ||= received > 0;
  };
  await expect(download({ onBytes })).rejects.toMatchObject({ kind: 'checksum' });
  expect(await readdir(folder)).toEqual([]);
});

test('a server that is not there is unreachable at once', async () => {
  await server.close();
  await expect(download()).rejects.toMatchObject({
    kind: 'unreachable',
    message: expect.stringMatching(/cannot reach 127\.0\.0\.1:\d+: /),
  });
  server = await startFileServer();
});

test('a name that does not exist is unreachable, and the message names it', async () => {
  await expect(downloadFile('https://haup-test.invalid/file', part, sha256(content))).rejects.toMatchObject({
    kind: 'unreachable',
    message: expect.stringMatching(/cannot reach haup-test\.invalid/),
  });
});

test('a file that the server does not have is not found', async () => {
  server.files.clear();
  await expect(download()).rejects.toMatchObject({
    kind: 'not-found',
    message: expect.stringMatching(/does not have \/file/),
  });
});

test('a server that always fails is given up after a few attempts', async () => {
  server.misbehave = (_, response) => {
    response.writeHead(503).end();
    return true;
  };
  await expect(download()).rejects.toMatchObject({
    kind: 'unreachable',
    message: expect.stringMatching(/answered 503/),
  });
  expect(server.requests).toHaveLength(4);
});

test('a proxy that forbids is said to, and not asked again', async () => {
  server.misbehave = (_, response) => {
    response.writeHead(403).end();
    return true;
  };
  await expect(download()).rejects.toMatchObject({
    kind: 'unreachable',
    message: expect.stringMatching(/answered 403 for \/file/),
  });
  expect(server.requests).toHaveLength(1);
});

test('an abort ends it with the reason of the abort and keeps what has come', async () => {
  const abort = new AbortController();
  server.misbehave = (_, response) => {
    response.writeHead(200, { 'content-length': content.length }).write(content.subarray(0, 50_000));
    return true; // and then it hangs
  };
  const onBytes = (received: number) => received === 50_000 && abort.abort(new Error('interrupted'));
  await expect(download({ signal: abort.signal, onBytes })).rejects.toThrow('interrupted');
  server.misbehave = () => false;
  await download();
  expect(server.requests.at(-1)).toBe('GET /file bytes=50000-');
});

test('nothing is asked for over plain http, unless that was said', async () => {
  await expect(download({ insecure: false })).rejects.toMatchObject({ kind: 'insecure' });
  expect(server.requests).toEqual([]);
});

test('a redirect is followed, but not from https to http', async () => {
  server.misbehave = (request, response) => {
    if (request.url !== '/file') return false;
    response.writeHead(302, { location: '/elsewhere' }).end();
    return true;
  };
  server.files.set('/elsewhere', content);
  await download();
  expect((await readFile(part)).equals(content)).toBe(true);

  const asked: string[] = [];
  vi.stubGlobal('fetch', async (url: string) => {
    asked.push(url);
    return new Response(null, { status: 302, headers: { location: `${server.url}/elsewhere` } });
  });
  try {
    const safely = downloadFile('https://mirror.example.org/file', part, sha256(content));
    await expect(safely).rejects.toMatchObject({
      kind: 'insecure',
      message: expect.stringContaining('mirror.example.org redirects to 127.0.0.1'),
    });
  } finally {
    vi.unstubAllGlobals();
  }
  expect(asked).toEqual(['https://mirror.example.org/file']);
});

test('a redirect without end is given up', async () => {
  server.misbehave = (_, response) => {
    response.writeHead(301, { location: '/file' }).end();
    return true;
  };
  await expect(download()).rejects.toThrow(/redirects without end/);
});
