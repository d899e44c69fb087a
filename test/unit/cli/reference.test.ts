import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { commands } from '../../../src/cli/commands/index.ts';
import { commandAt } from '../../../src/cli/find-command.ts';
import { documents } from '../../support/documents.ts';
import { haup, statusOf } from './fake.ts';

const page = documents.find(([file]) => file === 'docs/cli.md')![1];

describe('docs/cli.md', () => {
  it.each(commands.map((command) => [command.name, command] as const))(
    'names haup %s and all that sets it',
    (name, command) => {
      expect(page).toContain(`\`haup ${name}`);
      for (const flag of Object.values(command.flags)) {
        expect(page).toMatch(new RegExp(`\`--${flag.name}[\` ]`));
        for (const variable of flag.variables ?? []) expect(page).toContain(`\`${variable.name}\``);
      }
    },
  );

  it('shows all that `haup status -o json` has', () => {
    const [, example = ''] = /```json\n(.*?)```/s.exec(page) ?? [];
    expect(Object.keys(JSON.parse(example)).sort()).toEqual(Object.keys(statusOf()).sort());
  });
});

/** `MULTIZONE=true scripts/haup create -c demo && …  # why`, as it stands on a page or in --help. */
const LINE = /^\s*(?:\$ )?((?:[A-Z_]+=\S+ )*)(?:scripts\/)?haup ([a-z].*?)(?:\s+#.*| && .*| [|>].*)?$/;

function commandsIn(text: string): [string, Record<string, string>, string[]][] {
  return text.split('\n').flatMap((line) => {
    const [, variables = '', rest] = LINE.exec(line) ?? [];
    if (rest === undefined) return [];
    const env = Object.fromEntries(variables.split(' ').flatMap((one) => (one ? [one.split('=')] : [])));
    // "$NAME" is one word, $FENCED are some, or none.
    const words = rest.replace(/"\$\w+"/g, 'x').replace(/ \$\w+/g, '');
    return [[line.trim(), env, words.split(/\s+/)]];
  });
}

const FENCED = /^```(\w*)\n(.*?)^```/gms;

/** What is to be typed: in fences, or indented. */
function typedIn(text: string): string {
  const fenced = [...text.matchAll(FENCED)].flatMap(([, language = '', block = '']) =>
    ['json', 'yaml', 'mermaid'].includes(language) ? [] : [block],
  );
  const indented = text.replace(FENCED, '').match(/^ {4}.*$/gm) ?? [];
  return [...fenced, ...indented].join('\n').replace(/ \\\n\s*/g, ' ');
}

const shown = [
  ...documents.flatMap(([, text]) => commandsIn(typedIn(text))),
  ...commands
    .flatMap((command) => commandsIn(command.examples.join('\n')))
    .filter(([line]) => !line.includes('completion')), // writes by itself
];

describe('a command that a page or --help shows', () => {
  it('is found', () => {
    expect(shown.length).toBeGreaterThan(100);
  });

  it.each(shown)('is understood: %s', async (_, env, argv) => {
    const home = mkdtempSync(join(tmpdir(), 'haup-reference-'));
    onTestFinished(() => rmSync(home, { recursive: true }));
    const sleep = () => Promise.reject(new Error('no second look'));
    const document = join(home, 'demo.yaml');
    writeFileSync(document, '{}\n');
    const given = argv.map((word) => (word === 'demo.yaml' ? document : word));
    const { code, err } = await haup(given, { env, world: { interactive: true, home, sleep } });
    expect(code, err).not.toBe(2);
  });
});

describe('a command within a sentence', () => {
  it.each(documents)('of %s has the flags that it is shown with', (_, text) => {
    const spans = [...text.replace(FENCED, '').matchAll(/`(?:[A-Z_]+=\S+ )*haup ([a-z][^`]*)`/g)];
    const wrong = spans.flatMap(([span, words = '']) => {
      const command = commandAt(words.split(/\s+/), commands)?.command;
      const own = Object.values(command?.flags ?? {}).flatMap(({ name, short }) => [
        `--${name}`,
        `-${short}`,
      ]);
      const [before = ''] = words.split(' -- ');
      const used = before.match(/(?<=[ [])--?[a-z][a-z-]*/g) ?? [];
      return command && used.every((flag) => own.includes(flag)) ? [] : [span];
    });
    expect(wrong).toEqual([]);
  });
});

describe('a time that --help names as the least or the most', () => {
  const ranges = commands.flatMap((command) =>
    Object.values(command.flags).flatMap((flag) => {
      const [, ...ends] = /(\d+[smhd]) to (\d+[smhd])/.exec(flag.help) ?? [];
      return ends.map((end) => [command.name, flag.name, end, flag] as const);
    }),
  );

  it.each(ranges)('is taken: haup %s --%s %s', (_, __, end, flag) => {
    expect(flag.parse(end)).toBeGreaterThan(0);
  });
});
