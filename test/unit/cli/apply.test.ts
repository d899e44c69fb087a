import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { haup, outcome } from './fake.ts';

describe('haup apply -f, and which cluster it is about', () => {
  let asked: string[];
  const applied = async (document: string, args: readonly string[] = [], env = {}) => {
    const file = join(await mkdtemp(join(tmpdir(), 'haup-apply-')), 'demo.yaml');
    await writeFile(file, document);
    const engine = {
      apply: async ({ cluster }: { readonly cluster: string }) => {
        asked.push(cluster);
        return outcome;
      },
    };
    return haup(['apply', '-f', file, ...args], { engine, env });
  };
  beforeEach(() => {
    asked = [];
  });

  it('is the one that the document names', async () => {
    const { code, out, err } = await applied('cluster: demo\n');
    expect([code, asked]).toEqual([0, ['demo']]);
    expect(`${out}${err}`).not.toContain('kubernetes');
  });

  it('is the one that a flag or a variable names, which is not overruled', async () => {
    await applied('cluster: demo\n', ['-c', 'other']);
    await applied('cluster: demo\n', [], { HAUP_CLUSTER: 'third' });
    expect(asked).toEqual(['other', 'third']);
  });

  it('is the default one where nothing names one', async () => {
    await applied('requestTimeoutSeconds: 60\n');
    await applied('');
    expect(asked).toEqual(['kubernetes', 'kubernetes']);
  });

  it('is none where the document names what is no name: said with its line, and nothing is opened', async () => {
    const { code, err } = await applied('# a comment\ncluster: ../up\n');
    expect([code, asked]).toEqual([2, []]);
    expect(err).toMatch(/demo\.yaml:2: cluster: "\.\.\/up" is no cluster's name/);
  });
});
