import { describe, expect, it } from 'vitest';
import { commands } from '../../../../src/cli/commands/index.ts';
import { candidates } from '../../../../src/cli/help/completion.ts';

const complete = (...words: string[]) => candidates(words, async () => ['demo', 'dev', 'prod']);

describe('completion', () => {
  it('offers the commands, then their flags', async () => {
    const first = commands.map((command) => command.name.split(' ')[0]);
    expect(await complete('')).toEqual([...new Set(first)]);
    expect(await complete('re')).toEqual([
      'remove-replica',
      'replace-replica',
      'remove-node',
      'replace-node',
      'repair',
      'rescue',
      'restore',
      'renew',
    ]);
    expect(await complete('delete', '--')).toEqual(expect.arrayContaining(['--cluster', '--yes', '--help']));
    expect(await complete('delete', '--')).not.toContain('--replicas');
    expect(await complete('-c', 'demo', 'create', '--mul')).toEqual(['--multizone']);
  });

  it('offers the commands of a namespace, then their flags', async () => {
    expect(await complete('store', '')).toEqual(['move']);
    expect(await complete('store', 'move', '--t')).toEqual(['--to', '--timeout']);
  });

  it('offers what a flag or an operand may be', async () => {
    expect(await complete('create', '--provider', '')).toEqual(['local', 'gce', 'aws']);
    expect(await complete('status', '-o', 'j')).toEqual(['json']);
    expect(await complete('create', '--zone', '')).toEqual([]);
    expect(await complete('fault', 'power-')).toEqual(['power-off', 'power-on']);
  });

  it('offers the clusters in the store, and nothing when it cannot be read', async () => {
    expect(await complete('status', '-c', 'de')).toEqual(['demo', 'dev']);
    expect(await complete('status', '--cluster', '')).toEqual(['demo', 'dev', 'prod']);
    expect(await candidates(['status', '-c', ''], () => Promise.reject(new Error('unreadable')))).toEqual([]);
  });
});
