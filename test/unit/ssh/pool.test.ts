import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeKeyPair } from '../../../src/ssh/keys.ts';
import { SessionPool } from '../../../src/ssh/pool.ts';
import { makeSshd, memoryPin, type TestSshd } from './sshd.ts';

const hostKey = makeKeyPair();
const pool = new SessionPool();
let sshd: TestSshd;
beforeAll(async () => {
  sshd = await makeSshd();
});
afterAll(async () => {
  pool.close();
  await sshd.remove();
});

function target(what: string, host = '127.0.0.1') {
  const pin = memoryPin({ current: hostKey.publicKey, seen: true, own: true });
  return { what, host, port: sshd.port, privateKey: sshd.operator.privateKey, pin };
}

test('callers that share an opening keep their own time limits', async () => {
  const short = pool.session(target('late'), { timeoutMs: 150 });
  const long = pool.session(target('late'), { timeoutMs: 60_000 });
  await expect(short).rejects.toThrow(/SSH on late/);
  const shortToo = pool.session(target('late'), { timeoutMs: 150 });
  await expect(shortToo).rejects.toThrow(/SSH on late/);
  await sshd.start(hostKey);
  expect((await long).alive).toBe(true);
  await sshd.stop();
});

test('a machine has one session at a time, a failure is not remembered, and a dropped session is closed', async () => {
  await expect(pool.session(target('m'), { timeoutMs: 200 })).rejects.toThrow(/ECONNREFUSED/);
  await sshd.start(hostKey);
  const asked = [1, 2, 3].map(() => pool.session(target('m'), { timeoutMs: 30_000 }));
  const [session, ...others] = await Promise.all(asked);
  for (const other of others) expect(other).toBe(session);
  expect(await pool.session(target('n'), { timeoutMs: 30_000 })).not.toBe(session);

  session!.close();
  const again = await Promise.all([1, 2].map(() => pool.session(target('m'), { timeoutMs: 30_000 })));
  expect(again[0]).not.toBe(session);
  expect(again[1]).toBe(again[0]);
  expect((await again[0]!.exec('echo yes')).stdout).toBe('yes\n');

  const moved = await pool.session(target('m', 'localhost'), { timeoutMs: 30_000 }); // reached elsewhere now
  expect(moved).not.toBe(again[0]);
  expect(again[0]!.alive).toBe(false);
  pool.drop('m');
  await expect.poll(() => moved.alive).toBe(false);
  await sshd.stop();
});

test('who only looks changes nothing: neither the pin nor the host key that the machine was given', async () => {
  await sshd.start(hostKey);
  const looking = new SessionPool({ looking: true });
  const given = { current: hostKey.publicKey, seen: false };
  const pin = memoryPin(given);
  const session = await looking.session({ ...target('new'), pin }, { timeoutMs: 30_000 });
  expect((await session.exec('echo yes')).stdout).toBe('yes\n');
  expect(looking.commands).toBe(1);
  expect(await pin.read()).toEqual(given);
  expect(readFileSync(sshd.hostKeyFile, 'utf8')).toBe(hostKey.privateKey);
  looking.close();
  await sshd.stop();
});
