import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { connect } from '../../../src/ssh/connect.ts';
import { makeKeyPair } from '../../../src/ssh/keys.ts';
import type { Session } from '../../../src/ssh/session.ts';
import { waitFor } from '../../../src/util/wait.ts';
import { makeSshd, memoryPin, type TestSshd } from './sshd.ts';

let sshd: TestSshd;
let session: Session;
const hostKey = makeKeyPair();

beforeAll(async () => {
  sshd = await makeSshd();
  await sshd.start(hostKey);
  session = await open();
});
afterAll(async () => {
  session.close();
  await sshd.remove();
});

function open() {
  const pin = memoryPin({ current: hostKey.publicKey, seen: true });
  const { privateKey } = sshd.operator;
  return connect({ what: 'm', host: '127.0.0.1', port: sshd.port, privateKey, pin }, { timeoutMs: 30_000 });
}

test('a command has its exit code, its outputs and its input', async () => {
  expect(await session.exec('cat; echo oops >&2; exit 7', { input: 'a secret' })).toEqual({
    code: 7,
    stdout: 'a secret',
    stderr: 'oops\n',
  });
  expect((await session.exec(`echo "it's" '$HOME'`)).stdout).toBe("it's $HOME\n");
  expect((await session.exec('kill -9 $$')).code).toBe(137);
});

test('run throws with the command’s own words and never with its input', async () => {
  const failing = session.run('cat >/dev/null; echo "no such unit" >&2; exit 5', {
    input: 'hunter2',
    what: 'start etcd',
  });
  const error = await failing.catch((e) => e);
  expect(error.message).toBe('m (127.0.0.1): could not start etcd (exit code 5): no such unit');
});

test('what is long is read as it is sent; what cannot be read is said, and ends the command', async () => {
  const path = join(sshd.folder, 'long');
  writeFileSync(path, Buffer.alloc(3 * 1024 * 1024, 'long\n'));
  const sum = await session.run('sha256sum', { input: () => createReadStream(path) });
  expect(sum).toContain(createHash('sha256').update(readFileSync(path)).digest('hex'));
  const lost = session.run('cat', { input: () => createReadStream(`${path}.gone`) });
  await expect(lost).rejects.toThrow('ENOENT');
  // Who has read enough ends as if it had been given no more.
  expect(await session.run('head -c 4', { input: () => createReadStream(path) })).toBe('long');
});

test('ten megabytes come and go unchanged, while other commands run beside', async () => {
  const big = Buffer.alloc(10 * 1024 * 1024, 'haup is deterministic\n');
  const [echoed, ...rest] = await Promise.all([
    session.exec('cat', { input: big, maxBytes: big.length }),
    ...Array.from({ length: 30 }, (_, i) => session.exec(`echo ${i}`)), // more than sshd's MaxSessions
  ]);
  expect(echoed.stdout.length).toBe(big.length);
  expect(Buffer.from(echoed.stdout).equals(big)).toBe(true);
  expect(rest.map((r) => r.stdout.trim())).toEqual(Array.from({ length: 30 }, (_, i) => String(i)));
});

test('a command that takes too long is given up here and killed there', async () => {
  const pidFile = join(sshd.folder, 'slow.pid');
  const slow = session.exec(`echo $$ >${pidFile}; sleep 600`, { timeoutMs: 3_000, what: 'wait for ever' });
  await expect(slow).rejects.toMatchObject({
    kind: 'timeout',
    message: expect.stringContaining('could not wait for ever'),
  });
  const started = async () => Number(readFileSync(pidFile, 'utf8')) || undefined;
  const pid = await waitFor(started, { what: 'the command to start', timeoutMs: 30_000 });
  await waitFor(async () => (alive(pid) ? undefined : true), {
    what: 'the command to be killed',
    timeoutMs: 8_000,
  });
  expect((await session.exec('echo still here')).stdout).toBe('still here\n');
});

test('an abort ends a command with its reason', async () => {
  const stop = new AbortController();
  const running = session.exec('sleep 5', { signal: stop.signal });
  stop.abort(new Error('interrupted'));
  await expect(running).rejects.toThrow('interrupted');
});

test('files arrive whole, with owner and mode, and only changes are reported', async () => {
  const path = (name: string) => join(sshd.folder, 'made', 'deep er', name);
  const files = [
    { path: path("it's a key"), content: Buffer.from([0, 1, 2, 255, 10]), mode: 0o600, owner: 'nobody' },
    { path: path('empty'), content: '', mode: 0o644 },
    { path: path('config'), content: 'ü = "x"\n', mode: 0o640, owner: 'root', group: 'daemon' },
  ];
  expect(await session.pushFiles(files)).toEqual(files.map((f) => f.path));
  expect(readFileSync(files[0]!.path)).toEqual(files[0]!.content);
  expect(statSync(files[0]!.path)).toMatchObject({ uid: 65534, mode: 0o100600 });
  expect(readFileSync(files[2]!.path, 'utf8')).toBe(files[2]!.content);
  expect(statSync(files[2]!.path)).toMatchObject({ uid: 0, gid: 1, mode: 0o100640 });
  expect(statSync(join(sshd.folder, 'made')).mode).toBe(0o40755);

  const before = statSync(files[1]!.path).ino;
  const again = files.map((f) => (f.path === files[2]!.path ? { ...f, mode: 0o600 } : f));
  expect(await session.pushFiles(again)).toEqual([files[2]!.path]);
  expect(statSync(files[1]!.path).ino).toBe(before);
});

test('a push that fails changes nothing that it had not finished, and leaves no temporary file', async () => {
  const folder = join(sshd.folder, 'failing');
  mkdirSync(folder);
  writeFileSync(join(folder, 'b'), 'old');
  const push = session.pushFiles([
    { path: join(folder, 'a'), content: 'new', mode: 0o600 },
    { path: join(folder, 'b'), content: 'new', mode: 0o600, owner: 'no-such-user' },
  ]);
  await expect(push).rejects.toThrow(/no-such-user/);
  expect(readFileSync(join(folder, 'b'), 'utf8')).toBe('old');
  expect((await session.run(`ls -A ${folder}`)).split('\n')).toEqual(['a', 'b', '']);
});

test('a reader never meets half a file', async () => {
  const path = join(sshd.folder, 'flip');
  const contents = ['a', 'b'].map((letter) => letter.repeat(200_000));
  await session.pushFiles([{ path, content: contents[0]!, mode: 0o600 }]);
  let stop = false;
  const seen = new Set<string>();
  const reader = (async () => {
    while (!stop) {
      seen.add(readFileSync(path, 'utf8'));
      await new Promise(setImmediate);
    }
  })();
  for (let i = 0; i < 6; i++) await session.pushFiles([{ path, content: contents[i % 2]!, mode: 0o600 }]);
  stop = true;
  await reader;
  for (const content of seen) expect(contents).toContain(content);
});

test('an answer beyond its limit closes the channel, and is said; the session goes on', async () => {
  const endless = session.exec('yes haup', { timeoutMs: 30_000, what: 'list the units' });
  await expect(endless).rejects.toMatchObject({
    kind: 'too-long',
    message: expect.stringContaining('could not list the units: its answer is longer than 1024 KiB'),
  });
  await expect(session.exec('yes haup >&2')).rejects.toMatchObject({ kind: 'too-long' });
  expect((await session.exec('echo still here')).stdout).toBe('still here\n');
});

test('a command whose shell is killed has no answer, however much it said', async () => {
  // Up from the command: timeout, the frame's shell.
  const cut = session.exec('echo half; kill -9 $(ps -o ppid= -p $PPID)');
  await expect(cut).rejects.toMatchObject({ kind: 'lost' });
  expect(session.alive).toBe(true);
});

let server: Server | undefined;
afterEach(() => server?.close());

test('a forwarded connection reaches a port that the machine sees, and a closed port is an error', async () => {
  const listening = createServer((socket) => socket.pipe(socket));
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const { port } = listening.address() as { port: number };
  const connection = await session.forward('127.0.0.1', port);
  const answer = new Promise<string>((resolve) => connection.once('data', (d) => resolve(String(d))));
  connection.write('ping');
  expect(await answer).toBe('ping');
  connection.destroy();
  listening.close();
  await expect(session.forward('127.0.0.1', 1)).rejects.toMatchObject({ kind: 'lost' });
});

test('when the far side dies, what runs fails with "lost" and the session says that it is not alive', async () => {
  const other = await open();
  // Up from the command: timeout, the frame's shell, sshd.
  const sshd = '$(ps -o ppid= -p $(ps -o ppid= -p $PPID))';
  const running = other.exec(`kill -9 ${sshd}; sleep 5`, { timeoutMs: 8_000 });
  await expect(running).rejects.toMatchObject({ kind: 'lost' });
  expect(other.alive).toBe(false);
  await expect(other.exec('true')).rejects.toMatchObject({ kind: 'lost' });
  await expect(other.forward('127.0.0.1', 1)).rejects.toMatchObject({ kind: 'lost' });
});

test('an interactive command without a terminal passes its streams through and returns its exit code', async () => {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const running = session.interactive('cat; echo bad >&2; exit 3', { stdin, stdout, stderr } as never);
  stdin.end('typed');
  expect(await running).toBe(3);
  expect(String(stdout.read())).toBe('typed');
  expect(String(stderr.read())).toBe('bad\n');
});

test('an interactive command ends when the reader of its output has gone, which is no error', async () => {
  const [stdin, stdout, stderr] = [new PassThrough(), failing('EPIPE'), new PassThrough()];
  expect(await session.interactive('yes haup', { stdin, stdout, stderr } as never)).toBe(0);
  expect(stdout.listenerCount('error') + stderr.listenerCount('error')).toBe(0);
  expect((await session.exec('echo still here')).stdout).toBe('still here\n');
});

test('an interactive command goes on when what it says cannot be written, or only its errors have no reader', async () => {
  const longerThanTheWindow = 'head -c 5000000 /dev/zero';
  const full = { stdin: new PassThrough(), stdout: failing('ENOSPC'), stderr: new PassThrough() };
  expect(await session.interactive(`${longerThanTheWindow}; exit 3`, full as never)).toBe(3);
  const half = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: failing('EPIPE') };
  expect(await session.interactive(`${longerThanTheWindow} >&2; echo on; exit 4`, half as never)).toBe(4);
  expect(String(half.stdout.read())).toBe('on\n');
});

/** Standard output, or error, into which nothing more can be written. */
function failing(code: string): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done(Object.assign(new Error(code), { code })) });
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
