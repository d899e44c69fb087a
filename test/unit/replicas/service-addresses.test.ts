import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ASSIGN, serviceAddressesScript } from '../../../src/replicas/settings/service-addresses.ts';

/** What follows from the record and the Services, with room for three. */
function assign(...lines: string[]): string[] {
  const variables = ['-v', 'prefix=198.18.7.', '-v', 'first=193', '-v', 'last=195'];
  const text = execFileSync('awk', [...variables, ASSIGN], { input: `${lines.join('\n')}\n` }).toString();
  return text.trimEnd().split('\n').filter(Boolean);
}

const record = (host: number, uid: string) => `R 198.18.7.${host} ${uid}`;
/** A Service that is called like its uid. */
const service = (uid: string, { wants = '-', shows = '-' } = {}) =>
  `S ${uid} default ${uid} 7 ${wants} ${shows}`;
const shown = (host: number) => `198.18.7.${host},`;
const written = (uid: string, host: number) => `W default ${uid} 7 [{"ip":"198.18.7.${host}"}]`;

describe('Services of type LoadBalancer', () => {
  test('get the first free addresses, one each', () => {
    expect(assign(record(193, 'a'), service('a', { shows: shown(193) }), service('b'), service('c'))).toEqual(
      [
        expect.stringMatching(/^M "198.18.7.19[45]":"[bc]","198.18.7.19[45]":"[bc]"$/),
        written('b', 194),
        written('c', 195),
      ],
    );
  });

  test('keep what they have, and nothing is written then', () => {
    expect(assign(record(195, 'a'), service('a', { shows: shown(195) }))).toEqual([]);
  });

  test('show what the record says, whatever somebody has written', () => {
    expect(assign(record(194, 'a'), service('a', { shows: '1.2.3.4,' }))).toEqual([written('a', 194)]);
    expect(assign(record(194, 'a'), service('a', { shows: `${shown(194)}1.2.3.4,` }))).toEqual([
      written('a', 194),
    ]);
  });

  test('keep what they show where the record was lost, and of two that show one address one gets another', () => {
    const lines = assign(
      service('new'),
      service('a', { shows: shown(193) }),
      service('b', { shows: shown(193) }),
    );
    expect(lines).toContain(written('new', 194));
    expect(lines).toContain(written('b', 195));
    expect(lines[0]).toContain('"198.18.7.193":"a"');
    expect(lines).toHaveLength(3);
  });

  test('that are gone leave their address to the next', () => {
    expect(assign(record(193, 'gone'), record(194, 'a'), service('a', { shows: shown(194) }))).toEqual([
      'M "198.18.7.193":null',
    ]);
    expect(assign(record(193, 'gone'), service('b'))).toEqual(['M "198.18.7.193":"b"', written('b', 193)]);
  });

  test('get the address that they ask for, or none', () => {
    expect(assign(service('a', { wants: '198.18.7.195' }))).toEqual([
      'M "198.18.7.195":"a"',
      written('a', 195),
    ]);
    for (const wants of ['198.18.7.196', '198.18.7.0195', '10.0.0.1', 'x%0AR']) {
      expect(assign(service('a', { wants }))).toEqual([`N default a ${wants} is not to be had`]);
    }
    expect(
      assign(record(194, 'a'), service('a', { shows: shown(194) }), service('b', { wants: '198.18.7.194' })),
    ).toEqual(['N default b 198.18.7.194 is not to be had']);
  });

  test('move when they ask for another address', () => {
    const lines = assign(record(193, 'a'), service('a', { wants: '198.18.7.194', shows: shown(193) }));
    expect(lines[0]).toContain('"198.18.7.193":null');
    expect(lines[0]).toContain('"198.18.7.194":"a"');
    expect(lines.slice(1)).toEqual([written('a', 194)]);
    expect(assign(record(193, 'a'), service('a', { wants: '10.0.0.1', shows: shown(193) }))).toEqual([
      'M "198.18.7.193":null',
      'N default a 10.0.0.1 is not to be had',
      'W default a 7 null',
    ]);
  });

  test('are told when all addresses are taken, and an address outside of the range is nobody’s', () => {
    const lines = assign(
      'R 198.18.9.1 a',
      ...['b', 'c', 'd'].map((uid, i) => record(193 + i, uid)),
      ...['b', 'c', 'd'].map((uid, i) => service(uid, { shows: shown(193 + i) })),
      service('a'),
    );
    expect(lines).toEqual(['M "198.18.9.1":null', 'N default a all are taken']);
  });
});

test('a range has its first and its last address for nobody, and lies in one /24', () => {
  const script = (range: string) => serviceAddressesScript({ kubectl: 'kubectl', apiPort: 443, range });
  expect(script('198.18.7.192/26')).toContain('prefix=198.18.7.\nfirst=193\nlast=254\n');
  for (const range of ['198.18.7.0/23', '198.18.7.0/31', 'x']) expect(() => script(range)).toThrow();
});

/** Runs the script until it begins to wait, against an API that answers the changes of its record with these codes. */
function changesMade(...codes: number[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'haup-addresses-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const program = (name: string, text: string) =>
    writeFileSync(join(folder, name), `#!/bin/bash\n${text}\n`, { mode: 0o755 });
  writeFileSync(join(folder, 'codes'), codes.map((code) => `${code}\n`).join(''));
  program('kubectl', 'echo "S bbbb default web 7 - -"');
  program(
    'curl',
    `cd ${folder}
case "$*" in
  *PATCH*configmaps*) echo record >>changes; head -n 1 codes; sed -i 1d codes ;;
  *PATCH*) echo status >>changes; printf 200 ;;
  *watch=1*) kill $PPID ;;
  *) printf '{\n  "metadata": {\n    "resourceVersion": "41"\n  }\n}\n' ;;
esac`,
  );
  writeFileSync(
    join(folder, 'script'),
    serviceAddressesScript({ kubectl: 'kubectl', apiPort: 443, range: '198.18.7.192/26' }),
  );
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
  const { signal } = spawnSync('bash', [join(folder, 'script')], { env });
  expect(signal).toBe('SIGTERM');
  return readFileSync(join(folder, 'changes'), 'utf8').trim().split('\n');
}

test('the record is written first, and a Service hears of its address when nobody else has changed the record meanwhile', () => {
  expect(changesMade(200)).toEqual(['record', 'status']);
  expect(changesMade(409, 200)).toEqual(['record', 'record', 'status']);
  expect(changesMade(500, 409, 200)).toEqual(['record', 'record', 'record', 'status']);
});
