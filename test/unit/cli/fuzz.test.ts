import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { commands } from '../../../src/cli/commands/index.ts';
import { kubeconfig } from '../../../src/pki/kubeconfig.ts';
import { haup } from './fake.ts';

const folder = mkdtempSync(join(tmpdir(), 'haup-fuzz-'));
afterAll(() => rmSync(folder, { recursive: true }));
/** 20,000 in CI; a quick look otherwise. The seed is fixed: what fails once fails again. */
const options = { seed: 8, numRuns: Number(process.env.HAUP_FUZZ_RUNS ?? (process.env.CI ? 7_000 : 1_000)) };

/** Stack traces are shown by the first; the others name files that are written, wherever this runs. */
const left = ['debug', 'file', 'report'];
const flags = [
  ...new Map(commands.flatMap((one) => Object.values(one.flags)).map((flag) => [flag.name, flag])).values(),
].filter(({ name }) => !left.includes(name));
const variables = flags.flatMap((flag) => [
  `HAUP_${flag.name.replaceAll('-', '_').toUpperCase()}`,
  ...(flag.variables ?? []).map((variable) => variable.name),
]);
/** What people write, what they mistype, and what nobody would. */
const text = fc.oneof(
  fc.constantFrom(
    'true',
    'False',
    'off',
    '0',
    '',
    ' ',
    '-',
    '--',
    '-c',
    '=',
    'null',
    '~',
    'demo',
    'local-a',
    '1.37',
    '443',
  ),
  fc.constantFrom(
    'a,b',
    '..',
    '/',
    '$(id)',
    '`id`',
    '\n',
    '\0',
    '\x1b[2J',
    '\u202e',
    '\u0085',
    '__proto__',
    'constructor',
    '😀',
  ),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.string({ unit: 'grapheme-ascii', maxLength: 60 }),
  fc.integer().map(String),
);
const flagWord = fc.oneof(
  fc.constantFrom(...flags).map((flag) => `--${flag.name}`),
  fc.constantFrom(...flags).map((flag) => `--no-${flag.name}`),
  fc.constantFrom(
    '-c',
    '-o',
    '-y',
    '-w',
    '-yw',
    '-cdemo',
    '-c=',
    '--__proto__',
    '--constructor',
    '--toString',
  ),
);
const word = fc.oneof(
  text,
  flagWord,
  fc.tuple(flagWord, text).map(([flag, value]) => `${flag}=${value}`),
);
const commandName = fc.constantFrom(
  ...commands.map((one) => one.name).filter((name) => name !== 'completion'),
);

/** Wrong input is refused in a line; whatever is done was asked for, by a command that was named. */
async function behaves(argv: readonly string[], env: Record<string, string>): Promise<void> {
  const sleep = () => Promise.reject(new Error('no second look'));
  const home = folder;
  const admin = {
    cluster: 'demo',
    server: 'https://198.18.0.10',
    caPem: 'ca',
    certPem: 'cert',
    keyPem: 'key',
  };
  const engine = { kubeconfig: async () => ({ text: kubeconfig(admin), warnings: [] }) };
  const merged = { KUBECONFIG: join(folder, 'kubeconfig') };
  const ran = await haup(argv, { env: { ...env, ...merged }, engine, world: { home, sleep } });
  const { code, err, calls } = ran;
  const watching = err.includes('no second look');
  if (!watching) expect([0, 1, 2, 3, 5, 6]).toContain(code);
  if (!watching) expect(err).not.toMatch(/defect of haup|^ +at .*:\d+:\d+/m);
  expect(err.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  if (code === 2) {
    expect(calls.filter((call) => call.method !== 'list')).toEqual([]);
    expect(err.trimEnd().split('\n')).toHaveLength(1);
  }
  const removed = calls.filter(({ method }) => method === 'delete' || method === 'removeReplicas');
  if (removed.length > 0)
    expect(argv.some((one) => /^(delete|kube-down|remove-replica)$/.test(one))).toBe(true);
  expect(Object.keys({})).toEqual([]); // nothing got into the prototype
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
}

describe('whatever is typed, set or written: a line and an exit code, no stack trace, nothing done that was not asked for', () => {
  it('arguments', async () => {
    const argv = fc
      .tuple(commandName, fc.array(word, { maxLength: 6 }))
      .map(([name, words]) => [name, ...words]);
    await fc.assert(
      fc.asyncProperty(fc.oneof(argv, fc.array(word, { maxLength: 6 })), (words) => behaves(words, {})),
      options,
    );
  });

  it('variables', async () => {
    const env = fc.dictionary(
      fc.constantFrom(...variables),
      text.map((value) => value.replaceAll('\0', '')),
      { maxKeys: 5 },
    );
    const noFiles = (given: Record<string, string>) => ({ ...given, HAUP_CONFIG: '' });
    await fc.assert(
      fc.asyncProperty(commandName, env, (name, given) => behaves([name], noFiles(given))),
      options,
    );
  });

  it('configuration files', async () => {
    const file = join(folder, 'haup.yaml');
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }).map((one) => JSON.stringify(one)),
      text,
    );
    const key = fc.oneof(
      fc.constantFrom(...flags.map((flag) => flag.name), '<<', '? ', '__proto__', '&a', '*a'),
      text,
    );
    const lines = fc.array(
      fc.tuple(key, value).map(([name, held]) => `${name}: ${held}`),
      { maxLength: 5 },
    );
    const document = fc.oneof(
      lines.map((all) => all.join('\n')),
      fc.string({ unit: 'binary', maxLength: 80 }),
    );
    await fc.assert(
      fc.asyncProperty(commandName, document, async (name, written) => {
        writeFileSync(file, written);
        await behaves([name, '--config', file], {});
      }),
      options,
    );
  });
});
