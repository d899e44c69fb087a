import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { readLogEnd } from '../../../src/replicas/lifecycle/rescue.ts';
import { paths } from '../../../src/replicas/paths.ts';
import type { Session } from '../../../src/ssh/session.ts';
import { tryExec } from '../../../src/util/exec.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'haup-wal-'));
  mkdirSync(join(folder, 'member/wal'), { recursive: true });
  onTestFinished(() => rmSync(folder, { recursive: true }));
});

/** A machine whose etcd data is in the folder. */
const session = {
  what: 'm0',
  async run(script: string) {
    const { code, stdout, stderr } = await tryExec('sh', ['-c', script.replaceAll(paths.etcdData, folder)]);
    if (code !== 0) throw new Error(stderr);
    return stdout;
  },
} as unknown as Session;

function varint(value: bigint): number[] {
  return value < 128n ? [Number(value)] : [Number(value & 127n) | 128, ...varint(value >> 7n)];
}

/** As etcd writes it (server/storage/wal): length and padding, then type, checksum and data. */
function frame(type: number, data: readonly number[]): Buffer {
  const record = [0x08, type, 0x10, ...varint(0xfffffff1n), 0x1a, ...varint(BigInt(data.length)), ...data];
  const padding = (8 - (record.length % 8)) % 8;
  const head = Buffer.alloc(8);
  head.writeUInt32LE(record.length);
  if (padding > 0) head[7] = 0x80 | padding;
  return Buffer.concat([head, Buffer.from(record), Buffer.alloc(padding)]);
}

function state(commit: bigint): Buffer {
  return frame(3, [0x08, 5, 0x10, 1, 0x18, ...varint(commit)]);
}

function wal(name: string, ...frames: Buffer[]): void {
  writeFileSync(join(folder, 'member/wal', name), Buffer.concat([...frames, Buffer.alloc(4096)]));
}

const metadata = frame(1, [0x08, 1]);
const entry = frame(2, [0x08, 0, 0x18, 7, 0x22, 3, 1, 2, 3]);

describe('the end of a log', () => {
  test('is the last commit that the newest file knows, whatever is after it', async () => {
    wal('0000000000000000-0000000000000000.wal', metadata, state(90n), entry);
    wal('0000000000000001-0000000000000010.wal', metadata, state(100n), entry, state(1n << 40n), entry);
    const now = Date.now() / 1000;
    for (const name of ['0000000000000000-0000000000000000', '0000000000000001-0000000000000010'])
      utimesSync(join(folder, `member/wal/${name}.wal`), now, now - 60);
    const { commit, secondsAgo } = await readLogEnd(session);
    expect(commit).toBe(1n << 40n);
    expect(secondsAgo).toBeGreaterThanOrEqual(59);
  });

  test('is in the file before when the newest was just begun, and is not lost by a frame that was cut off', async () => {
    wal('0000000000000000-0000000000000000.wal', metadata, state(300n));
    wal('0000000000000001-0000000000000010.wal', metadata);
    writeFileSync(
      join(folder, 'member/wal/0000000000000000-0000000000000000.wal'),
      Buffer.concat([metadata, state(300n), state(301n).subarray(0, 12)]),
    );
    expect((await readLogEnd(session)).commit).toBe(300n);
  });

  test('of what is no log is an error', async () => {
    await expect(readLogEnd(session)).rejects.toThrow();
    wal('0000000000000000-0000000000000000.wal', metadata);
    await expect(readLogEnd(session)).rejects.toThrow(/no state/);
  });
});
