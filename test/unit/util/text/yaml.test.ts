import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { yamlText } from '../../../../src/util/text/yaml.ts';

const RUNS = Number(process.env.HAUP_FUZZ_RUNS ?? 400);

/** What some reader takes for something else than a text. */
const odd = fc.constantFrom(
  ...[
    'no',
    'No',
    'on',
    'off',
    'yes',
    'y',
    'n',
    'Y',
    'true',
    'null',
    'Null',
    '~',
    '',
    '1e3',
    '12e4',
    '0x1',
    '0b1',
    '0o7',
  ],
  ...[
    '017',
    '1_000',
    '12:30',
    '1:2:3',
    '.5',
    '1.',
    '.inf',
    '.nan',
    '<<',
    '2001-01-01',
    '2001-01-01 10:00:00',
    '-',
    '- a',
  ],
  ...[
    'a: b',
    '#',
    'a #b',
    '@a',
    '`',
    '%',
    '!a',
    '&a',
    '*a',
    '{',
    '[',
    '|',
    '>',
    '"',
    "'",
    ' a',
    'a ',
    'a\nb',
    '\t',
    'ünï',
  ],
);
const near = fc.stringMatching(/^[-+]?[0-9]{1,3}[_:.eExXoObB]?[-+]?[0-9a-f]{0,3}$/);
const texts = fc.oneof(
  odd,
  near,
  fc.string({ maxLength: 8 }),
  fc.string({ unit: 'binary-ascii', maxLength: 4 }),
);

describe('YAML that haup writes', () => {
  it('is read alike by readers of YAML 1.1 and 1.2, keys too', () => {
    fc.assert(
      fc.property(
        texts,
        fc.dictionary(
          texts.filter((key) => key !== '__proto__'),
          texts,
          { maxKeys: 3 },
        ),
        (text, map) => {
          const value = { text, list: [text, [text]], map };
          const written = yamlText(value);
          for (const version of ['1.1', '1.2'] as const) expect(parse(written, { version })).toEqual(value);
        },
      ),
      { seed: 8, numRuns: 10 * RUNS },
    );
  });

  it('writes what occurs twice twice', () => {
    const twice = { a: ['x'] };
    expect(yamlText({ one: twice, two: twice })).not.toMatch(/[&*]/);
  });

  const python = spawnSync('python3', ['-c', 'import yaml']).status === 0;
  it.skipIf(!python)('is read by PyYAML as it was meant (needs python3-yaml)', () => {
    const values = fc.sample(
      texts.filter((text) => !/[\p{Cc}=]/u.test(text)),
      { seed: 8, numRuns: 5 * RUNS },
    );
    const seen = execFileSync(
      'python3',
      ['-c', 'import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin)))'],
      {
        input: yamlText(values),
        encoding: 'utf8',
      },
    );
    expect(JSON.parse(seen)).toEqual(values);
  });
});

it('everything that haup writes in YAML it writes so', () => {
  const src = fileURLToPath(new URL('../../../../src/', import.meta.url));
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.ts'),
  );
  const others = files.filter((path) => {
    const imported = [...readFileSync(join(src, path), 'utf8').matchAll(/import \{([^}]*)\} from 'yaml'/g)];
    return imported.some(([, names]) => /\bstringify\b/.test(names ?? ''));
  });
  expect(others).toEqual(['util/text/yaml.ts']);
});
