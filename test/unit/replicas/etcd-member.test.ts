import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { shellScript } from '../../../src/ssh/script.ts';

const script = shellScript('replicas/scripts/etcd-member.sh', [
  ...(['unit', 'data', 'id_file', 'membership_file', 'pki', 'url'] as const),
]);
const others = { unit: '', id_file: '', membership_file: '', pki: '', url: '' };

let data: string;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'haup-etcd-'));
});
afterEach(() => rmSync(data, { recursive: true }));

function hasData(): string {
  const asked = `${script({ ...others, data })}if has_data; then echo yes; else echo no; fi`;
  const { status, stdout } = spawnSync('sh', ['-euc', asked], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : `exit ${status}`;
}

test('a member has data when there is a log', () => {
  expect(hasData()).toBe('no');
  mkdirSync(join(data, 'member', 'wal'), { recursive: true });
  expect(hasData()).toBe('no');
  writeFileSync(join(data, 'member', 'wal', '0.wal.broken'), '');
  expect(hasData()).toBe('no');
  writeFileSync(join(data, 'member', 'wal', '1.wal'), '');
  expect(hasData()).toBe('yes');
});

test('a disk that does not show its data has not none: what would begin without it ends', () => {
  mkdirSync(join(data, 'member'));
  const loop = join(data, 'member', 'wal');
  symlinkSync(loop, loop);
  expect(hasData()).toBe('exit 1');
});
