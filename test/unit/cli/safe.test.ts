import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { printableJson, safe, safeAll, screenText } from '../../../src/cli/output/safe.ts';
import { serialize } from '../../../src/cli/output/serialize.ts';
import type { Step } from '../../../src/cluster/plan/step.ts';
import { ProviderError } from '../../../src/providers/errors.ts';
import { haup, outcome, paper, planOf, statusOf } from './fake.ts';

/** Said once more, apart from the code: what a terminal obeys, hides or turns around. */
const obeyed = (character: string): boolean => {
  const code = character.codePointAt(0)!;
  return (
    (code < 0x20 && code !== 0x0a) ||
    (code >= 0x7f && code <= 0x9f) ||
    [0xad, 0x61c, 0x180e, 0x2028, 0x2029, 0xfeff].includes(code) ||
    (code >= 0x200b && code <= 0x200f) ||
    (code >= 0x202a && code <= 0x202e) ||
    (code >= 0x2060 && code <= 0x206f) ||
    (code >= 0xd800 && code <= 0xdfff) ||
    (code >= 0xe0000 && code <= 0xe007f)
  );
};
const hostileIn = (text: string) => [...text].filter(obeyed);

const trick = fc.constantFrom(
  '\u001b[2J\u001b[H',
  '\u001b[31m',
  '\u001b]0;title\u0007',
  '\u001b[1A\r',
  '\u009b2J',
  '\u202edrowssap',
  '\u2066x\u2069',
  '\u200b',
  '\ufeff',
  '\u00ad',
  '\udc00',
  '\u{e0041}',
  '\r\nhaup: all is well\n',
  '\0',
  '`$(reboot)`',
  "'; reboot #",
);
const text = fc
  .array(fc.oneof(trick, fc.string({ unit: 'binary', maxLength: 8 })), { maxLength: 6 })
  .map((parts) => parts.join(''));
const ESC = '\u001b';
const runs = { numRuns: 3_000 };

describe('text from elsewhere', () => {
  it('is one line in which a terminal finds nothing to obey', () => {
    fc.assert(
      fc.property(text, (any) => {
        expect(hostileIn(safe(any))).toEqual([]);
        expect(safe(any)).not.toContain('\n');
        expect(hostileIn(JSON.stringify(safeAll({ [any]: [any, { deep: any }] })))).toEqual([]);
      }),
      runs,
    );
  });

  it('is left as it is when it is ordinary, in any language', () => {
    for (const ordinary of ['demo-master', 'Zürich', '東京 – 3 of 5 ✔', 'naïve', 'שלום', '1 → 3', '├─ └─ …'])
      expect([safe(ordinary), screenText(ordinary)]).toEqual([ordinary, ordinary]);
  });

  it('never reaches a screen as it is; the marks of our own do, and lines and tabs', () => {
    fc.assert(
      fc.property(text, (any) => {
        const marks = new RegExp(`${ESC}\\[(?:0|1|2|22|31|32|33|39)m`, 'g');
        expect(hostileIn(screenText(any).replace(marks, '').replaceAll('\t', ''))).toEqual([]);
      }),
      runs,
    );
    const ours = '\u001b[1mone\u001b[22m\ttwo\n';
    expect(screenText(ours)).toBe(ours);
  });

  it('is the same value in JSON and YAML, and a terminal obeys neither', async () => {
    await fc.assert(
      fc.asyncProperty(fc.dictionary(text, fc.oneof(text, fc.array(text), fc.integer())), async (any) => {
        const json = printableJson(any, 2);
        expect(hostileIn(json)).toEqual([]);
        expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(any)));
        const yaml = await serialize(any, 'yaml');
        expect(hostileIn(yaml)).toEqual([]);
        if (!/[\ud800-\udfff]/.test(JSON.stringify(any).replace(/[\ud800-\udbff][\udc00-\udfff]/g, '')))
          expect(parse(yaml)).toEqual(JSON.parse(JSON.stringify(any)));
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('every command that shows what machines and clouds say', () => {
  const ways = [
    ['status', '-c', 'demo'],
    ['status', '-c', 'demo', '-o', 'json'],
    ['status', '-c', 'demo', '-o', 'yaml'],
    ['repair', '-c', 'demo'],
    ['repair', '-c', 'demo', '--log-format', 'json'],
    ['repair', '-c', 'demo', '--dry-run', '-o', 'json'],
    ['fault', '-c', 'demo', 'power-off', 'demo-master'],
  ];

  it.each(ways)('%s %s %s %s %s writes nothing but printable text, whatever was said', async (...argv) => {
    await fc.assert(
      fc.asyncProperty(text, text, fc.boolean(), async (name, words, fails) => {
        const step = { kind: 'create-machine', replica: name, zone: words } as Step;
        const plan = planOf([step], { warnings: [words], blocked: [{ message: words, advice: name }] });
        const status = statusOf({ warnings: [words, name], unfinished: [words] });
        const replicas = status.replicas.map((replica) => ({ ...replica, name, zone: words }));
        const seen = { ...status, cluster: name, replicas };
        const error = new ProviderError('transient', words, { advice: name });
        const done = async () => {
          if (fails) throw error;
          return { ...outcome, plan, status: seen };
        };
        const screens = { out: paper({ isTTY: true }), err: paper({ isTTY: true }) };
        const ran = await haup(argv, {
          world: screens,
          engine: {
            status: async () => {
              if (fails) throw error;
              return seen;
            },
            repair: done,
            fault: async () => [name, words],
          },
          opened: ({ emit }) => {
            emit({ type: 'plan', plan });
            emit({ type: 'step-started', step });
            emit({ type: 'step-waiting', step, message: words });
            emit({ type: 'warning', message: words });
            emit({ type: 'progress', topic: name, message: words });
            emit({ type: 'step-failed', step, seconds: 1, error: words });
          },
        });
        const moves = new RegExp(`${ESC}\\[(?:\\?25[lh]|\\d+A\\r?|J|K)`, 'g'); // of the tree that is drawn again in place
        for (const written of [screens.out.text, screens.err.text.replace(moves, '')])
          expect(hostileIn(written)).toEqual([]);
        expect(ran.code).not.toBe(1);
      }),
      { numRuns: 150 },
    );
  });

  it('--debug too', async () => {
    const hostile = new ProviderError('transient', 'said \u001b[31m\u202e so', {
      cause: new Error('\u009b2J'),
    });
    const { err } = await haup(['status', '-c', 'demo', '--debug'], {
      engine: { status: () => Promise.reject(hostile) },
    });
    expect(err).toMatch(/\n {4}at /);
    expect(hostileIn(err)).toEqual([]);
  });
});
