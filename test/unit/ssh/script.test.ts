import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { shellScript } from '../../../src/ssh/script.ts';

const src = fileURLToPath(new URL('../../../src', import.meta.url));
const all = readdirSync(src, { recursive: true, encoding: 'utf8' });
const read = (path: string) => readFileSync(posix.join(src, path), 'utf8');

describe('a script for machines', () => {
  test('is given its inputs and its arguments as they are', () => {
    const evil = `$(reboot) "'\n\\ *`;
    const sections = shellScript('replicas/scripts/sections.sh', ['separator']);
    const script = `${sections({ separator: evil }, [evil, ''])}say; printf '<%s>' "$@"`;
    expect(execFileSync('sh', { input: script }).toString()).toBe(`${evil}\n<${evil}><>`);
  });

  test('holds what it includes, and begins as a program does', () => {
    const inputs = ['pki', 'api_port', 'seconds'] as const;
    const text = shellScript(
      'replicas/scripts/wait-for-api.sh',
      inputs,
    )({ pki: '/pki', api_port: 443, seconds: 1 });
    expect(text).toMatch(/^#!\/bin\/sh\npki=\/pki\napi_port=443\nseconds=1\n/);
    expect(text).toContain('curl_here() {');
    expect(text).not.toMatch(/^\. /m);
  });

  test('is given all that it and what it includes declare, and nothing else', () => {
    const path = 'replicas/scripts/wait-for-api.sh';
    expect(() => shellScript(path, ['pki', 'seconds'])).toThrow(`${path}: the input api_port is not given`);
    const more = ['pki', 'seconds', 'api_port', 'port'];
    expect(() => shellScript(path, more)).toThrow(`${path}: the input port is not declared`);
  });
});

test('every script of src is used', () => {
  const texts = all.filter((path) => /\.(ts|sh)$/.test(path)).map((path) => [path, read(path)] as const);
  const included = texts.flatMap(([path, text]) =>
    [...text.matchAll(/^\. (\S+)$/gm)].map((match) => posix.join(posix.dirname(path), match[1]!)),
  );
  const code = texts.filter(([path]) => path.endsWith('.ts')).map(([, text]) => text);
  for (const path of all.filter((each) => each.endsWith('.sh')))
    expect(included.includes(path) || code.some((text) => text.includes(`'${path}'`)), path).toBe(true);
});
