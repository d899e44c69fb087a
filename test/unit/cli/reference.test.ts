import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { commands } from '../../../src/cli/commands/index.ts';
import { haup } from './fake.ts';

const page = readFileSync(new URL('../../../docs/cli.md', import.meta.url), 'utf8');

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
});

/** `MULTIZONE=true scripts/haup create -c demo && …  # why`, as it stands on a page or in --help. */
const LINE = /^\s*(?:\$ )?((?:[A-Z_]+=\S+ )*)(?:scripts\/)?haup ([a-z].*?)(?:\s+#.*| && .*| [|>].*)?$/;

function commandsIn(text: string): [string, Record<string, string>, string[]][] {
  return text.split('\n').flatMap((line) => {
    const [, variables = '', rest] = LINE.exec(line) ?? [];
    if (rest === undefined) return [];
    const env = Object.fromEntries(variables.split(' ').flatMap((one) => (one ? [one.split('=')] : [])));
    return [[line.trim(), env, rest.replace(/"\$[A-Z]+"/g, 'x').split(/\s+/)]];
  });
}

const fenced = (file: string) =>
  [
    ...readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8').matchAll(
      /```(?:sh|console)\n(.*?)```/gs,
    ),
  ]
    .map(([, block]) => block)
    .join('\n');
const pages = [
  'README.md',
  'docs/cli.md',
  'docs/gce.md',
  'docs/aws.md',
  'docs/runbooks/replace-failed-replica.md',
];
const shown = [
  ...pages.flatMap((file) => commandsIn(fenced(file))),
  ...commands
    .flatMap((command) => commandsIn(command.examples.join('\n')))
    .filter(([line]) => !line.includes('completion')), // writes by itself
];

describe('a command that a page or --help shows', () => {
  it('is found', () => {
    expect(shown.length).toBeGreaterThan(30);
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
