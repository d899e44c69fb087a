import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { reachContext } from '../../../../src/app/federation/context.ts';

const looking = (environment: Record<string, string>) =>
  reachContext({ context: 'us', kubeconfig: undefined, environment }, async () => 'reached');

test('a context is looked for where kubectl looks for it: an empty KUBECONFIG is none', async () => {
  const where = /there is no context us in \/nowhere\/\.kube\/config$/;
  await expect(looking({ HOME: '/nowhere' })).rejects.toThrow(where);
  await expect(looking({ HOME: '/nowhere', KUBECONFIG: '' })).rejects.toThrow(where);
  const two = { HOME: '/nowhere', KUBECONFIG: '/nowhere/a::/nowhere/b' };
  await expect(looking(two)).rejects.toThrow('there is no context us in /nowhere/a, /nowhere/b');
});

test('a kubeconfig that is no YAML is refused, without a word of what is in it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'haup-context-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'config');
  for (const text of ['users: [{token: hunter2\n', 'users: *hunter\n']) {
    writeFileSync(path, text);
    const error = await looking({ KUBECONFIG: path }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      name: 'InputError',
      message: expect.stringContaining(`${path} is not YAML: `),
    });
    expect((error as Error).message).not.toMatch(/hunter2|\n/);
  }
});
