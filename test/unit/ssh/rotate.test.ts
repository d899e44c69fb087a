import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { connect } from '../../../src/ssh/connect.ts';
import { HostKeyError } from '../../../src/ssh/errors.ts';
import type { PinnedHostKey } from '../../../src/ssh/hostkey.ts';
import { fingerprint, makeKeyPair, sameKey } from '../../../src/ssh/keys.ts';
import { SessionPool } from '../../../src/ssh/pool.ts';
import { ensureOwnHostKey } from '../../../src/ssh/rotate.ts';
import { makeSshd, memoryPin, type TestSshd } from './sshd.ts';

const oneTime = makeKeyPair('one-time');
let sshd: TestSshd;
afterEach(() => sshd.remove());

async function machine() {
  sshd = await makeSshd();
  await sshd.start(oneTime);
  const pin = memoryPin({ current: oneTime.publicKey, seen: false });
  const target = { what: 'm', host: '127.0.0.1', port: sshd.port, privateKey: sshd.operator.privateKey, pin };
  const rotate = { hostKeyFile: sshd.hostKeyFile, reload: `kill -HUP $(cat ${sshd.pidFile})` };
  return { pin, target, rotate };
}

test('in its first session the machine makes itself a host key, and the one-time key is refused from then on', async () => {
  const { pin, target, rotate } = await machine();
  const pool = new SessionPool({ rotate });
  const session = await pool.session(target, { timeoutMs: 30_000 });
  expect(pin.now).toMatchObject({ seen: true, own: true });
  expect(sameKey(pin.now.current, oneTime.publicKey)).toBe(false);
  expect(sameKey(pin.now.current, session.hostKey)).toBe(true);
  expect(readFileSync(sshd.hostKeyFile, 'utf8')).not.toBe(oneTime.privateKey);
  expect(await pool.session(target, { timeoutMs: 30_000 })).toBe(session);
  const saves = pin.saved.length;
  session.close();
  const again = await pool.session(target, { timeoutMs: 30_000 });
  expect(again).not.toBe(session);
  expect((await again.exec('echo new')).stdout).toBe('new\n');
  expect(pin.saved.length).toBe(saves); // no second rotation
  pool.close();

  await sshd.stop();
  await sshd.start(oneTime);
  await expect(connect(target, { timeoutMs: 30_000 })).rejects.toBeInstanceOf(HostKeyError);
});

test('cut off at any of its saves, and the machine restarted, the next run finishes, and a connection is never refused', async () => {
  const { pin, target, rotate } = await machine();
  for (let cut = 1; ; cut++) {
    // a fresh machine each time
    await sshd.stop();
    await sshd.start(oneTime);
    pin.now = { current: oneTime.publicKey, seen: false };
    pin.saved.length = 0;
    let left = cut;
    const dying = {
      read: pin.read,
      save: async (next: PinnedHostKey) => {
        if (--left === 0) throw new Error('killed');
        await pin.save(next);
      },
    };
    const pool = new SessionPool({ rotate });
    const outcome = await pool
      .session({ ...target, pin: dying }, { timeoutMs: 30_000 })
      .catch((e: Error) => e.message);
    pool.close();
    if (cut % 2 === 0) {
      await sshd.stop(); // the machine restarts in between
      await sshd.start();
    }
    const retry = new SessionPool({ rotate });
    const session = await retry.session(target, { timeoutMs: 30_000 });
    expect(pin.now).toMatchObject({ seen: true, own: true });
    expect(sameKey(pin.now.current, session.hostKey)).toBe(true);
    expect(sameKey(pin.now.current, oneTime.publicKey)).toBe(false);
    retry.close();
    if (outcome !== 'killed') {
      expect(cut).toBe(4); // seen, next, and own: three saves
      return;
    }
  }
});

test('a key that an earlier run put in place before sshd read it is kept, not replaced by a third', async () => {
  const { pin, target, rotate } = await machine();
  const made = makeKeyPair('made earlier');
  const session = await connect(target, { timeoutMs: 30_000 });
  pin.now = { current: oneTime.publicKey, next: made.publicKey, seen: true };
  writeFileSync(`${sshd.hostKeyFile}.tmp`, made.privateKey, { mode: 0o600 });
  renameSync(`${sshd.hostKeyFile}.tmp`, sshd.hostKeyFile);
  const fresh = await ensureOwnHostKey(session, target, rotate);
  expect(fingerprint(fresh.hostKey)).toBe(made.fingerprint);
  expect(fingerprint(pin.now.current)).toBe(made.fingerprint);
  expect(session.alive).toBe(false);
  fresh.close();
});
