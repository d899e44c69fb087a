import { afterEach, expect, test } from 'vitest';
import { connect } from '../../../src/ssh/connect.ts';
import { makeKeyPair } from '../../../src/ssh/keys.ts';
import { makeSshd, memoryPin, type TestSshd } from './sshd.ts';

let sshd: TestSshd;
afterEach(() => sshd.remove());

async function open(settings: string) {
  const hostKey = makeKeyPair();
  sshd = await makeSshd(settings);
  await sshd.start(hostKey);
  const pin = memoryPin({ current: hostKey.publicKey, seen: true });
  const { privateKey } = sshd.operator;
  return connect({ what: 'm', host: '127.0.0.1', port: sshd.port, privateKey, pin }, { timeoutMs: 30_000 });
}

test('where sshd allows one session at a time, commands wait for each other', async () => {
  const session = await open('MaxSessions 1');
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, i) => session.exec(`sleep 0.05; echo ${i}`)),
  );
  expect(answers.map(({ stdout }) => stdout.trim())).toEqual(Array.from({ length: 12 }, (_, i) => String(i)));
  session.close();
});

test('where sshd allows no session, the setting is named', async () => {
  const session = await open('MaxSessions 0');
  await expect(session.exec('true')).rejects.toMatchObject({
    kind: 'forbidden',
    message: expect.stringContaining('MaxSessions'),
  });
  session.close();
});

test('where sshd refuses forwarding, the setting is named, and commands run', async () => {
  const session = await open('AllowTcpForwarding no');
  await expect(session.forward('127.0.0.1', sshd.port)).rejects.toMatchObject({
    kind: 'forbidden',
    message: expect.stringContaining('AllowTcpForwarding'),
  });
  expect((await session.exec('echo yes')).stdout).toBe('yes\n');
  session.close();
});
