import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { entriesOf } from '../../../../src/cli/kubeconfig/document.ts';
import { mergeKubeconfig } from '../../../../src/cli/kubeconfig/merge.ts';
import { oursAmong } from '../../../../src/cli/kubeconfig/ours.ts';
import { type Known, known, printed } from './clusters.ts';

/** More of them: HAUP_FUZZ_RUNS=2000 */
const RUNS = Number(process.env.HAUP_FUZZ_RUNS ?? 400);

let ours: Known;
let other: Known;
beforeAll(async () => {
  [ours, other] = await Promise.all([known(), known()]);
});

/** What comes before: names that collide with ours and with what YAML takes for something else. */
const name = fc.constantFrom(
  'demo',
  'haup-demo',
  'haup-demo-2',
  'no',
  'on',
  '1e3',
  '0x1',
  '~',
  '12:30',
  'a b',
  'ünï',
  'x: y',
  '#',
  '-',
);
const text = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constantFrom('', 'yes', '0', ' x', 'a\nb', '"', '{', '*a', '%', '@'),
);
const address = fc.constantFrom('https://198.18.0.10:443', 'https://work', 'https://[::1]:6443');
const optional = <T extends Record<string, fc.Arbitrary<unknown>>>(model: T) =>
  fc.record(model, { requiredKeys: [] });
const config = fc.record({
  clusters: fc.uniqueArray(
    fc.record({
      name,
      cluster: optional({ server: address, 'proxy-url': text, 'insecure-skip-tls-verify': fc.boolean() }),
    }),
    { maxLength: 4, selector: (one) => one.name },
  ),
  users: fc.uniqueArray(
    fc.record({ name, user: optional({ token: text, username: text, password: text }) }),
    {
      maxLength: 3,
      selector: (one) => one.name,
    },
  ),
  contexts: fc.uniqueArray(fc.record({ name, context: fc.record({ cluster: name, user: name }) }), {
    maxLength: 4,
    selector: (one) => one.name,
  }),
  current: fc.option(name),
  missing: fc.subarray(['clusters', 'users', 'contexts', 'kind']),
  before: fc.constantFrom('nothing', 'ours', 'ours unmarked', "another's", 'ours twice'),
  style: fc.constantFrom('json', 'pretty', 'block', 'tight', 'flow', 'windows'),
  comments: fc.array(fc.tuple(fc.nat(40), fc.nat(6), fc.string({ maxLength: 8 })), { maxLength: 3 }),
  end: fc.constantFrom('', '\n', '\n\n', '\n# the end'),
});
type Config = typeof config extends fc.Arbitrary<infer T> ? T : never;

function written({ clusters, users, contexts, current, missing, style, comments, end }: Config): string {
  const value: Record<string, unknown> = { apiVersion: 'v1', kind: 'Config', clusters, users, contexts };
  for (const key of missing) delete value[key];
  if (current !== null) value['current-context'] = current;
  if (style === 'json') return JSON.stringify(value);
  if (style === 'pretty') return JSON.stringify(value, null, 2);
  const lines = stringify(value, {
    lineWidth: 0,
    compat: 'yaml-1.1',
    indentSeq: style !== 'tight',
    ...(style === 'flow' ? { collectionStyle: 'flow' as const } : {}),
  }).trimEnd();
  if (style === 'flow') return lines;
  const commented = lines.split('\n');
  // Only between lines that begin a key or an item: within a text of several lines it would be text.
  for (const [at, indent, words] of comments) {
    const index = at % (commented.length + 1);
    if (commented.some((line) => /[|>][-+]?\d*$/.test(line))) break;
    commented.splice(index, 0, `${' '.repeat(indent)}# ${words.replace(/[\p{Cc}\u2028\u2029\ufeff]/gu, '')}`);
  }
  const all = commented.join('\n') + end;
  return style === 'windows' ? all.replaceAll('\n', '\r\n') : all;
}

function existing(one: Config): string | null {
  let result = written(one);
  try {
    if (one.before === 'ours' || one.before === 'ours twice')
      result = merge(result, printed(ours, 'demo')).text;
    if (one.before === 'ours unmarked')
      result = merge(result, printed(ours, 'demo', { unmarked: true })).text;
    if (one.before === "another's")
      result = merge(result, printed(other, 'demo', { server: 'https://other' })).text;
  } catch {
    return null;
  }
  return result;
}

const merge = (before: string, addition: string) => mergeKubeconfig(before, addition, 'f');

interface Item {
  name: string;
  [more: string]: unknown;
}
type Sections = Record<'clusters' | 'users' | 'contexts', Item[]>;
const SECTIONS = ['clusters', 'users', 'contexts'] as const;

/** Everything that was not ours is there, in its order, and each foreign context leads where it led. */
function foreignSurvives(before: string, after: string): void {
  const addition = parse(printed(ours, 'demo')) as Sections;
  const isOurs = oursAmong(entriesOf(before, 'f'), {
    clusters: addition.clusters[0]!,
    users: addition.users[0]!,
    contexts: addition.contexts[0]!,
  });
  const [was, is] = [entriesOf(before, 'f'), parse(after) as Sections];
  for (const section of SECTIONS) {
    const foreign = was[section].filter((one) => !isOurs(section, one));
    const names = new Set(foreign.map((one) => one.name));
    expect(is[section].filter((one) => names.has(one.name))).toEqual(foreign);
  }
  const leads = (from: Sections, context: Item): unknown => {
    const { cluster, user } = (context.context ?? {}) as { cluster?: unknown; user?: unknown };
    return [from.clusters.find((one) => one.name === cluster), from.users.find((one) => one.name === user)];
  };
  for (const context of was.contexts.filter((one) => !isOurs('contexts', one))) {
    const [cluster, user] = leads(was as Sections, context) as (Item | undefined)[];
    const now = leads(is, context) as (Item | undefined)[];
    if (!cluster || !isOurs('clusters', cluster)) expect(now[0]).toEqual(cluster);
    if (!user || !isOurs('users', user)) expect(now[1]).toEqual(user);
  }
}

/** Each line of a block file is there still, but for those of our own entries and of what is the current context. */
function linesSurvive(before: string, after: string): void {
  const lines = after.split(/\r?\n/);
  let at = 0;
  for (const line of before.split(/\r?\n/)) {
    if (/^(current-context|clusters|users|contexts):/.test(line)) continue;
    const found = lines.indexOf(line, at);
    expect(found, `the line ${JSON.stringify(line)} of ${JSON.stringify(before)}`).toBeGreaterThanOrEqual(at);
    at = found + 1;
  }
}

describe('any kubeconfig', () => {
  it('keeps all that is foreign, and gets the context that was said', () => {
    let merged = 0;
    fc.assert(
      fc.property(config, (one) => {
        const before = existing(one);
        if (before === null) return;
        const { text: after, context, taken } = merge(before, printed(ours, 'demo'));
        merged += 1;
        const value = parse(after) as Sections & { 'current-context': string };
        expect(value['current-context']).toBe(context);
        expect(taken).toBe(context === 'demo' ? null : 'demo');
        expect(value.contexts.filter((item) => item.name === context)).toHaveLength(1);
        foreignSurvives(before, after);
        if (one.before === 'nothing' && !['json', 'pretty', 'flow'].includes(one.style))
          linesSurvive(before, after);
        expect(merge(after, printed(ours, 'demo'))).toEqual({ text: after, context, taken });
      }),
      { seed: 8, numRuns: RUNS },
    );
    expect(merged).toBeGreaterThan(0.9 * RUNS);
  });

  it('that is damaged in any way ends in one line or in a file that is whole', () => {
    fc.assert(
      fc.property(config, fc.nat(), fc.nat(3), fc.string({ maxLength: 4 }), (one, at, how, put) => {
        const whole = written(one);
        const cut = at % (whole.length + 1);
        const damaged = whole.slice(0, cut) + put + whole.slice(how === 0 ? whole.length : cut + how - 1);
        try {
          const { text: after } = merge(damaged, printed(ours, 'demo'));
          foreignSurvives(damaged, after);
        } catch (error) {
          expect((error as Error).name, (error as Error).stack).toBe('UsageError');
          expect((error as Error).message).not.toContain('\n');
        }
      }),
      { seed: 8, numRuns: 2 * RUNS },
    );
  });

  const kubectl = findKubectl();
  it.skipIf(kubectl === null)(
    'is read by kubectl as it was meant (needs the binaries of a build in the cache)',
    () => {
      const folder = mkdtempSync(join(tmpdir(), 'haup-fuzz-'));
      try {
        const file = join(folder, 'config');
        fc.assert(
          fc.property(config, (one) => {
            const before = existing(one);
            if (before === null) return;
            const { text: after, context } = merge(before, printed(ours, 'demo'));
            writeFileSync(file, after);
            const seen = JSON.parse(
              execFileSync(kubectl!, ['config', 'view', '--raw', '-o', 'json', '--kubeconfig', file], {
                encoding: 'utf8',
              }),
            ) as Sections & { 'current-context': string };
            const meant = parse(after) as Sections;
            expect(seen['current-context']).toBe(context);
            for (const section of SECTIONS)
              expect(seen[section].map((item) => item.name).sort()).toEqual(
                meant[section].map((item) => item.name).sort(),
              );
            expect(seen.clusters.find((item) => item.name === context)?.cluster).toEqual(
              meant.clusters.find((item) => item.name === context)?.cluster,
            );
          }),
          { seed: 8, numRuns: 25 },
        );
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );
});

function findKubectl(): string | null {
  const binaries = join(process.env.HAUP_CACHE ?? '/var/cache/haup', 'binaries');
  if (!existsSync(binaries)) return null;
  const found = readdirSync(binaries)
    .map((release) => join(binaries, release, 'kubectl'))
    .filter((path) => existsSync(path));
  return found.at(-1) ?? null;
}
