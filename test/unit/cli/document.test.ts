import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readDocumentFile } from '../../../src/cli/input/document.ts';

async function file(text: string): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), 'haup-document-')), 'demo.yaml');
  await writeFile(path, text);
  return path;
}

test('faults are said where they stand, from the top', async () => {
  const path = await file(
    'cluster: demo\nextraArguments:\n  apiServer:\n    v: "2"\nnodes:\n  taints:\n    - key: a\n',
  );
  const { say } = await readDocumentFile(path);
  const error = say([
    { path: ['nodes', 'taints', 0, 'effect'], message: 'is missing' },
    { path: ['extraArguments', 'apiServer', 'v'], message: 'is wrong' },
    { path: ['replicas'], message: 'is nowhere' },
  ]);
  expect(error.message.split('\n')).toEqual([
    `${path}:1: replicas: is nowhere`,
    `${path}:4: extraArguments.apiServer.v: is wrong`,
    `${path}:7: nodes.taints.0.effect: is missing`,
  ]);
});

test('what is no YAML is said line by line, and so is what cannot be read', async () => {
  const path = await file('a: [1\nb: 1\n');
  await expect(readDocumentFile(path)).rejects.toThrow(/demo\.yaml:\d+: not YAML/);
  const aliases = await file('cluster: demo\nproxy:\n  no: [10.0.0.0/8, *.example.com]\nnodes: *all\n');
  await expect(readDocumentFile(aliases)).rejects.toThrow(
    `${aliases}:3: not YAML: *.example.com stands for nothing: a text that begins with * needs quotes
${aliases}:4: not YAML: *all stands for nothing`,
  );
  const many = (name: string, of: string) => `${name}: &${name} [${Array(10).fill(of)}]\n`;
  const endless = await file([many('a', 'x'), many('b', '*a'), many('c', '*b'), many('d', '*c')].join(''));
  await expect(readDocumentFile(endless)).rejects.toThrow(`${endless}: not YAML: Excessive alias count`);
  await expect(readDocumentFile(`${path}.none`)).rejects.toThrow('there is no such file');
});
