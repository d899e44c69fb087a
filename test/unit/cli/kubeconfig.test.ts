import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { mergeInto, mergeKubeconfig, targetFile } from '../../../src/cli/kubeconfig/merge.ts';
import { haup } from './fake.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haup-kubeconfig-'));
});
afterEach(() => rm(folder, { recursive: true }));

function kubeconfig(name: string, server = 'https://198.18.0.10'): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server } }],
    users: [{ name: `${name}-admin`, user: { token: 't' } }],
    contexts: [{ name, context: { cluster: name, user: `${name}-admin` } }],
    'current-context': name,
  });
}

const theirs = `# my clusters
apiVersion: v1
kind: Config
preferences: {}
clusters:
  - name: work # do not touch
    cluster:
      server: https://work
users: []
contexts:
  - {name: work, context: {cluster: work, user: me}}
current-context: work
`;

describe('merging a kubeconfig', () => {
  it('keeps what is in the file, comments included, and makes the new context the current one', () => {
    const { text, context } = mergeKubeconfig(theirs, kubeconfig('demo'), 'f');
    expect(context).toBe('demo');
    expect(text).toContain('# my clusters');
    expect(text).toContain('- name: work # do not touch');
    const merged = parse(text);
    expect(merged.clusters.map((c: { name: string }) => c.name)).toEqual(['work', 'demo']);
    expect(merged.contexts[0]).toEqual({ name: 'work', context: { cluster: 'work', user: 'me' } });
    expect(merged.users).toHaveLength(1);
    expect(merged['current-context']).toBe('demo');
    expect(merged.preferences).toEqual({});
  });

  it('replaces entries of the same name, so that merging twice is merging once', () => {
    const once = mergeKubeconfig(theirs, kubeconfig('demo', 'https://old'), 'f').text;
    const twice = mergeKubeconfig(once, kubeconfig('demo', 'https://new'), 'f').text;
    const { clusters } = parse(twice);
    expect(clusters).toHaveLength(2);
    expect(clusters[1].cluster.server).toBe('https://new');
  });

  it('begins a file that is empty or not there, readable by its owner alone', async () => {
    const file = join(folder, 'new', 'config');
    expect(await mergeInto(file, kubeconfig('demo'))).toBe('demo');
    expect(parse(await readFile(file, 'utf8'))).toEqual(JSON.parse(kubeconfig('demo')));
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await writeFile(join(folder, 'empty'), '');
    expect(await mergeInto(join(folder, 'empty'), kubeconfig('demo'))).toBe('demo');
  });

  it('makes a world-readable file private, and leaves a link a link', async () => {
    await writeFile(join(folder, 'real'), theirs, { mode: 0o644 });
    await symlink(join(folder, 'real'), join(folder, 'link'));
    await mergeInto(join(folder, 'link'), kubeconfig('demo'));
    expect((await stat(join(folder, 'real'))).mode & 0o777).toBe(0o600);
    expect(await readFile(join(folder, 'real'), 'utf8')).toContain('demo');
  });

  it.each([
    ['not YAML', 'a: [1\nb'],
    ['another kind', 'kind: Pod\n'],
    ['a list', '- a\n'],
    ['odd clusters', 'kind: Config\nclusters: 7\n'],
  ])('leaves a file that is %s as it was', async (_, text) => {
    const file = join(folder, 'config');
    await writeFile(file, text);
    await expect(mergeInto(file, kubeconfig('demo'))).rejects.toThrow(/left as it/);
    expect(await readFile(file, 'utf8')).toBe(text);
  });

  it('goes where kubectl would write: the first file of the list that is there, else the last', async () => {
    const [a, b] = [join(folder, 'a'), join(folder, 'b')];
    expect(await targetFile(undefined, '/home/op')).toBe('/home/op/.kube/config');
    expect(await targetFile(`${a}:${b}`, '/home/op')).toBe(b);
    await writeFile(b, '');
    expect(await targetFile(`${a}::${b}`, '/home/op')).toBe(b);
    await writeFile(a, '');
    expect(await targetFile(`${a}:${b}`, '/home/op')).toBe(a);
  });

  it('is what haup kubeconfig --merge does', async () => {
    await mkdir(join(folder, 'x'));
    const file = join(folder, 'x', 'config');
    const ran = await haup(['kubeconfig', '--merge'], {
      env: { KUBECONFIG: file },
      engine: { kubeconfig: async () => kubeconfig('demo') },
    });
    expect(ran).toMatchObject({ code: 0, out: `${file}: the current context is demo now\n` });
  });
});
