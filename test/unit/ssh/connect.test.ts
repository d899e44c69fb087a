import { createConnection, createServer } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { connect, type SshTarget } from '../../../src/ssh/connect.ts';
import { HostKeyError, SshError } from '../../../src/ssh/errors.ts';
import { makeKeyPair } from '../../../src/ssh/keys.ts';
import { waitFor } from '../../../src/util/wait.ts';
import { makeSshd, memoryPin, type TestSshd } from './sshd.ts';

const hostKey = makeKeyPair('host');
const random = makeKeyPair('random');
let sshd: TestSshd;
afterEach(() => sshd.remove());

async function machine(seen = false) {
  sshd = await makeSshd();
  const pin = memoryPin({ current: hostKey.publicKey, seen });
  const target = {
    what: 'demo-master',
    host: '127.0.0.1',
    port: sshd.port,
    privateKey: sshd.operator.privateKey,
    pin,
  };
  return { pin, target: target satisfies SshTarget };
}

test('a machine that refuses connections, then shows a random key, then the pinned one, is waited for', async () => {
  const { pin, target } = await machine();
  const opening = connect(target, { timeoutMs: 9_000 });
  await sshd.start(random);
  await waitFor(async () => /Connection (closed|reset) by|Disconnected from/.test(sshd.log()) || undefined, {
    what: 'a first attempt',
    timeoutMs: 30_000,
  });
  expect(sshd.log()).not.toMatch(/publickey/); // no authentication was attempted
  expect(pin.now.seen).toBe(false);
  await sshd.stop();
  await sshd.start(hostKey);
  const session = await opening;
  expect((await session.exec('echo hello')).stdout).toBe('hello\n');
  expect(pin.saved).toEqual([{ current: hostKey.publicKey, seen: true }]);
  session.close();
});

test('at the time limit the error names both fingerprints', async () => {
  const { target } = await machine();
  await sshd.start(random);
  const error = await connect(target, { timeoutMs: 500 }).catch((e) => e);
  expect(error).toBeInstanceOf(SshError);
  expect(error.kind).toBe('unreachable');
  expect(error.message).toContain(hostKey.fingerprint);
  expect(error.message).toContain(random.fingerprint);
  expect(error.message).toContain('demo-master (127.0.0.1)');
});

test('once the pinned key has been seen, another key is refused at once', async () => {
  const { pin, target } = await machine(true);
  await sshd.start(random);
  const error = await connect(target, { timeoutMs: 3_600_000 }).catch((e) => e);
  expect(error).toBeInstanceOf(HostKeyError);
  expect(error.shown).toBe(random.fingerprint);
  expect(sshd.log()).not.toMatch(/publickey/);
  expect(pin.saved).toEqual([]);
});

test('a host that does not answer, or refuses the key, is named with the reason', async () => {
  const { target } = await machine();
  await expect(connect(target, { timeoutMs: 300 })).rejects.toThrow(/SSH on demo-master .*ECONNREFUSED/);
  await sshd.start(hostKey);
  const stranger = { ...target, privateKey: makeKeyPair().privateKey };
  // A refusal is tried again until the end: on a busy host the first one takes its time.
  await expect(connect(stranger, { timeoutMs: 4000 })).rejects.toThrow(/refuses the operator's key/);
});

test('an abort ends the wait with its reason', async () => {
  const { target } = await machine();
  const stop = new AbortController();
  const opening = connect(target, { timeoutMs: 3_600_000, signal: stop.signal });
  stop.abort(new Error('interrupted'));
  await expect(opening).rejects.toThrow('interrupted');
});

test('a machine that accepts connections and says nothing is told from one whose log-in takes its time', async () => {
  const silent = createServer(() => {});
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const { target } = await machine(true);
  const { port } = silent.address() as { port: number };
  const hung = await connect({ ...target, port }, { timeoutMs: 300, patientMs: 60_000 }).catch((e) => e);
  expect(hung).toMatchObject({ kind: 'unreachable', reached: 'no-greeting' });
  silent.close();
});

test('a log-in that is slower than the time for a first sign of life succeeds', async () => {
  const { target } = await machine(true);
  await sshd.start(hostKey);
  // Holds back what sshd says after its greeting, longer than the limit for silence.
  const slow = createServer((client) => {
    const upstream = createConnection({ host: '127.0.0.1', port: sshd.port });
    client.pipe(upstream);
    let held: Promise<unknown> = Promise.resolve();
    upstream.on('data', (chunk) => {
      held = held.then(() => {
        client.write(chunk);
        return new Promise((resolve) => setTimeout(resolve, 250));
      });
    });
    for (const socket of [client, upstream]) socket.on('error', () => {});
    client.on('close', () => upstream.destroy());
  });
  await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
  const { port } = slow.address() as { port: number };
  const impatient = await connect({ ...target, port }, { timeoutMs: 400 }).catch((e) => e);
  expect(impatient).toMatchObject({ kind: 'unreachable', reached: 'slow' });
  const session = await connect({ ...target, port }, { timeoutMs: 400, patientMs: 60_000 });
  session.close();
  slow.close();
});
