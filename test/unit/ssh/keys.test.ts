import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { fingerprint, makeKeyPair, publicKeyLine, sameKey } from '../../../src/ssh/keys.ts';
import { shellQuote } from '../../../src/ssh/quote.ts';

const folder = mkdtempSync(join(tmpdir(), 'haup-keys-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('ssh-keygen reads our private key and finds our public key and fingerprint in it', () => {
  for (let i = 0; i < 5; i++) {
    const pair = makeKeyPair(`comment-${'x'.repeat(i)}`); // every length of padding
    const file = join(folder, `key-${i}`);
    writeFileSync(file, pair.privateKey, { mode: 0o600 });
    expect(execFileSync('ssh-keygen', ['-y', '-P', '', '-f', file], { encoding: 'utf8' }).trim()).toBe(
      pair.publicKey,
    );
    expect(execFileSync('ssh-keygen', ['-l', '-f', file], { encoding: 'utf8' })).toContain(
      ` ${pair.fingerprint} `,
    );
  }
});

test('a key is the same key whatever its comment, and another key is not', () => {
  const pair = makeKeyPair('one');
  const [type, base64] = pair.publicKey.split(' ');
  expect(sameKey(pair.publicKey, `${type} ${base64} two`)).toBe(true);
  expect(sameKey(pair.publicKey, makeKeyPair('one').publicKey)).toBe(false);
  const blob = Buffer.from(base64!, 'base64');
  expect(publicKeyLine(blob)).toBe(`${type} ${base64}`);
  expect(fingerprint(blob)).toBe(pair.fingerprint);
});

test('a quoted word reaches the shell unchanged', () => {
  for (const word of ['', 'plain', "it's", '$(id) `id` "x" \\ \n * ~', '-n', 'a b', 'ü€']) {
    expect(execFileSync('/bin/sh', ['-c', `printf %s ${shellQuote(word)}`], { encoding: 'utf8' })).toBe(word);
  }
});
