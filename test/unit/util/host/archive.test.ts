import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { archive } from '../../../../src/util/host/archive.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'haup-archive-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const files = [
  { path: 'pki/etcd/ca.crt', content: 'x'.repeat(512), mode: 0o644, owner: 'root' },
  { path: 'pki/sa.key', content: 'sécret\n', mode: 0o600, owner: 'root' },
  { path: 'empty', content: '', mode: 0o755, owner: 'haup-etcd' },
];

describe('an archive', () => {
  test('is unpacked by tar into the same files with the same modes', () => {
    execFileSync('tar', ['-xpf', '-', '--no-same-owner', '-C', folder], { input: archive(files) });
    for (const file of files) {
      expect(readFileSync(join(folder, file.path), 'utf8')).toBe(file.content);
      expect(statSync(join(folder, file.path)).mode & 0o7777).toBe(file.mode);
    }
  });

  test('names the owners', () => {
    const listing = execFileSync('tar', ['-tvf', '-'], { input: archive(files), encoding: 'utf8' });
    expect(listing).toMatch(/^-rwxr-xr-x haup-etcd\/haup-etcd .* empty$/m);
    expect(listing).toMatch(/^-rw------- root\/root .* pki\/sa.key$/m);
  });

  test('refuses what does not fit a header rather than cutting it', () => {
    const long = { ...files[0]!, path: 'a'.repeat(101) };
    expect(() => archive([long])).toThrow('too long');
  });
});
