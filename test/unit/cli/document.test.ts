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
  await expect(readDocumentFile(`${path}.none`)).rejects.toThrow('there is no such file');
});
