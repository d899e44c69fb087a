import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { bootScript } from '../../../../src/replicas/provision/boot.ts';
import { makeKeyPair } from '../../../../src/ssh/keys.ts';

const hostKey = makeKeyPair('demo-master');
const operator = makeKeyPair('haup');
const options = { hostKeyPrivate: hostKey.privateKey, operatorPublicKeys: [operator.publicKey] };

describe('the boot script', () => {
  test('is a POSIX shell script of at most 12 KiB, as the smallest cloud allows', () => {
    const script = bootScript(options);
    expect(script).toMatch(/^#!\/bin\/sh\n/);
    expect(Buffer.byteLength(script)).toBeLessThan(12 * 1024);
    execFileSync('sh', ['-n'], { input: script });
  });

  test('leaves at once when its mark says that this is not the first boot', () => {
    const lines = bootScript(options).split('\n');
    const leaves = lines.findIndex((line) => line.includes('[ ! -e "$mark" ] || exit 0'));
    const firstChange = lines.findIndex((line) => /^(mkdir|mv|cat|rm|ssh-keygen|systemctl)/.test(line));
    expect(leaves).toBeGreaterThan(0);
    expect(leaves).toBeLessThan(firstChange);
  });

  test('installs the host key last, because whoever is shown it expects to be let in', () => {
    const script = bootScript(options);
    expect(script.indexOf('"$operator_key" >')).toBeGreaterThan(0);
    expect(script.indexOf('"$operator_key" >')).toBeLessThan(script.indexOf('"$host_key" >'));
  });

  test('keeps both keys whole', () => {
    const inputs = bootScript(options).split(/^: /m)[0]!;
    const shown = execFileSync('sh', { input: `${inputs}printf '%s\\n' "$host_key" "$operator_key"` });
    expect(shown.toString()).toBe(`${hostKey.privateKey.trimEnd()}\n${operator.publicKey}\n`);
  });

  test('takes no text that could be anything else than a key', () => {
    const evil = `${operator.publicKey}\nHAUP\nreboot`;
    expect(() => bootScript({ ...options, operatorPublicKeys: [evil] })).toThrow('one line');
    expect(() => bootScript({ ...options, operatorPublicKeys: ['ssh-ed25519 AAAA $(reboot)'] })).toThrow(
      'one line',
    );
    expect(() => bootScript({ ...options, hostKeyPrivate: 'HAUP\nreboot\n' })).toThrow(
      'not an OpenSSH private key',
    );
  });
});
