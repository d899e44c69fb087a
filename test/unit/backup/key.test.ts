import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateIdentity } from 'age-encryption';
import { afterAll, expect, test } from 'vitest';
import { openBundle, writeBundle } from '../../../src/backup/bundle.ts';
import { backupKey, seal } from '../../../src/backup/key.ts';

const folder = mkdtempSync(join(tmpdir(), 'haup-key-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text, { mode: 0o600 });
  return join(folder, name);
};
const mine = file('mine', `# made today\n${await generateIdentity()}\n`);
const other = file('other', await generateIdentity());

test('the identity alone opens everything, and a password of another cluster, or identity, is another', async () => {
  const { password, recipient } = await backupKey(mine, 'demo');
  expect(await backupKey(mine, 'demo')).toEqual({ password, recipient });
  expect((await backupKey(mine, 'prod')).password).not.toBe(password);
  expect((await backupKey(other, 'demo')).password).not.toBe(password);
  const bundle = { revision: 4, state: { spec: 'x' }, secrets: { authorities: 'PRIVATE' } };
  const sealed = await seal(writeBundle(bundle), recipient);
  expect(sealed).not.toContain('PRIVATE');
  expect(await openBundle(sealed, mine)).toMatchObject(bundle);
  await expect(openBundle(sealed, other)).rejects.toMatchObject({ kind: 'refused' });
});

test('what cannot be a key is said in a line', async () => {
  await expect(backupKey(null, 'demo')).rejects.toThrow(/none is named/);
  await expect(backupKey(file('words', 'correct horse battery'), 'demo')).rejects.toThrow(/no age identity/);
  await expect(backupKey(join(folder, 'nothing'), 'demo')).rejects.toThrow(/cannot be read/);
});

test('an identity that others can read is none, and damaged keys are damage', async () => {
  chmodSync(other, 0o644);
  await expect(backupKey(other, 'demo')).rejects.toMatchObject({ name: 'ExposedKeyError', failure: 'input' });
  chmodSync(other, 0o600);
  // The operator's own, behind sudo.
  if (process.getuid?.() === 0) chownSync(other, 4242, 4242);
  expect((await backupKey(other, 'demo')).recipient).toMatch(/^age1/);
  const { recipient } = await backupKey(mine, 'demo');
  await expect(openBundle(await seal('{"format":1', recipient), mine)).rejects.toMatchObject({
    name: 'BackupError',
  });
});
