import { readdir } from 'node:fs/promises';
import { exec, tryExec } from '../../../src/util/exec.ts';

/** Everything of the host that a cluster might leave behind, one line a thing, those of other clusters left out. */
export async function hostState(clusters: readonly string[]): Promise<string[]> {
  // Another file's cluster may be called by a longer word that begins so.
  const named = new RegExp(`(${clusters.join('|')})(?![a-z0-9])`);
  const ours = (line: string): boolean => named.test(line);
  const lines = async (file: string, ...args: string[]): Promise<string[]> =>
    (await exec(file, args)).split('\n');
  const folder = async (path: string): Promise<string[]> =>
    (await readdir(path).catch(() => [])).map((name) => `${path}/${name}`);
  const processes = (await lines('ps', '-eo', 'args')).filter((line) => !line.includes('vitest'));
  const found = [
    ...(await lines('ip', 'netns', 'list')),
    ...(await lines('ip', '-o', 'link')),
    ...(await lines('ip', 'route', 'show', 'table', 'all')),
    ...(await lines('mount')),
    ...(await tryExec('nft', ['list', 'tables'])).stdout.split('\n'),
    ...processes,
    ...(await folder('/run/haup/local')),
    ...(await folder('/var/lib/haup/local')),
    ...(await lines('find', '/sys/fs/cgroup', '-maxdepth', '4', '-type', 'd', '-path', '*haup*')),
  ];
  return found.filter(ours).sort();
}
