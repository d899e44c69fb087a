import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ensureBinaries } from '../../../src/artifacts/ensure.ts';
import { haup } from './fake.ts';

const folder = mkdtempSync(join(tmpdir(), 'haup-booleans-'));
afterAll(() => rmSync(folder, { recursive: true }));

const words = (spellings: string[]): string[] =>
  spellings.flatMap((word) => [word, word.toUpperCase(), word[0]!.toUpperCase() + word.slice(1)]);
const yes = words(['true', '1', 'yes', 'y', 'on']);
const no = words(['false', '0', 'no', 'n', 'off']);
const nonsense = [
  'maybe',
  'fals',
  'none',
  '2',
  '-1',
  'true ',
  ' false',
  'ja',
  'null',
  'ｆalse',
  'false;true',
];

/** Every place that a boolean can be written in: what the engine is asked for with it. */
const places: Record<string, (word: string) => ReturnType<typeof haup>> = {
  'a flag': (word) => haup(['create', `--multizone=${word}`]),
  "a variable of haup's": (word) => haup(['create'], { env: { HAUP_MULTIZONE: word } }),
  "a variable of kube-up's": (word) => haup(['create'], { env: { MULTIZONE: word } }),
  'the configuration file': (word) => {
    const file = join(folder, 'haup.yaml');
    writeFileSync(file, `multizone: ${JSON.stringify(word)}\n`);
    return haup(['create', '--config', file]);
  },
  'the configuration file, bare': (word) => {
    const file = join(folder, 'haup.yaml');
    writeFileSync(file, `multizone: ${word}\n`);
    return haup(['create', '--config', file]);
  },
};

describe.each(Object.entries(places))('a boolean in %s', (place, ask) => {
  const bare = place.endsWith('bare');

  it.each([...yes.map((word) => [word, true] as const), ...no.map((word) => [word, false] as const)])(
    '%s is %s',
    async (word, value) => {
      const { code, calls, err } = await ask(word);
      expect(err).toBe('');
      expect([code, calls[0]?.arguments[0]]).toEqual([0, expect.objectContaining({ multizone: value })]);
    },
  );

  it.each(nonsense.filter((word) => !bare || word.trim() === word))(
    '%j is refused, in one line, before anything is asked of the engine',
    async (word) => {
      const { code, err, calls, options } = await ask(word);
      expect(err).toMatch(/^haup: .*multizone .*must be true or false \(or 1\/0, .*\), not .*\n$/i);
      expect([code, calls, options]).toEqual([2, [], undefined]);
    },
  );
});

describe('KUBE_DELETE_NODES, as haup kube-down reads it', () => {
  const env = { KUBE_GCE_ZONE: 'europe-west1-c' };
  const down = (word: string) => haup(['kube-down', '--yes'], { env: { ...env, KUBE_DELETE_NODES: word } });

  it.each(no)('%s: one replica goes', async (word) => {
    const { code, calls } = await down(word);
    expect([code, calls]).toEqual([
      0,
      [
        {
          method: 'removeReplicas',
          arguments: [{ cluster: 'kubernetes', zone: 'europe-west1-c', count: 1, dryRun: false }],
        },
      ],
    ]);
  });

  it.each([...yes, ''])('%j: the cluster goes', async (word) => {
    const { code, calls } = await down(word);
    expect([code, calls.map((call) => call.method)]).toEqual([0, ['list', 'delete']]);
  });

  it.each(nonsense)('%j: nothing goes', async (word) => {
    expect(await down(word)).toMatchObject({ code: 2, calls: [], options: undefined });
  });

  it('a replica named without it is refused: it is not clear what is meant', async () => {
    const others: Record<string, string>[] = [{}, { KUBE_DELETE_NODES: 'true' }, { KUBE_DELETE_NODES: '' }];
    for (const more of others) {
      const ran = await haup(['kube-down', '--yes'], { env: { KUBE_REPLICA_NAME: 'demo-master', ...more } });
      expect(ran).toMatchObject({ code: 2, calls: [] });
      expect(ran.err).toMatch(/^haup: KUBE_REPLICA_NAME .*set KUBE_DELETE_NODES to false\n$/);
    }
    const named = { KUBE_REPLICA_NAME: 'demo-master', KUBE_DELETE_NODES: 'No' };
    expect((await haup(['kube-down', '--yes'], { env: named })).calls).toEqual([
      {
        method: 'removeReplicas',
        arguments: [{ cluster: 'kubernetes', names: ['demo-master'], dryRun: false }],
      },
    ]);
  });
});

describe('KUBE_REPLICATE_EXISTING_MASTER', () => {
  it.each(['create', 'kube-up'])('is read as every boolean is: haup %s', async (command) => {
    const method = async (word: string) =>
      (await haup([command], { env: { KUBE_REPLICATE_EXISTING_MASTER: word } })).calls[0]?.method;
    for (const word of yes) expect(await method(word)).toBe('addReplicas');
    for (const word of [...no, '']) expect(await method(word)).toBe('create');
    for (const word of nonsense) expect(await method(word)).toBeUndefined();
  });
});

it('HAUP_BUILD is read as every boolean is', async () => {
  const before = process.env.HAUP_BUILD;
  const builder = {
    obstacle: async () => 'no compiler here',
    build: () => Promise.reject(new Error('built')),
  };
  const release = { kubernetesVersion: 'v1.37.1', etcdVersion: 'v3.7.3', cache: join(folder, 'cache') };
  try {
    process.env.HAUP_BUILD = 'On';
    await expect(ensureBinaries({ environment: process.env, ...release, builder })).rejects.toThrow(
      'cannot build the binaries: no compiler here',
    );
    process.env.HAUP_BUILD = 'perhaps';
    await expect(ensureBinaries({ environment: process.env, ...release, builder })).rejects.toThrow(
      'HAUP_BUILD must be true or false (or 1/0, yes/no, y/n, on/off), not "perhaps"',
    );
  } finally {
    if (before === undefined) delete process.env.HAUP_BUILD;
    else process.env.HAUP_BUILD = before;
  }
});
