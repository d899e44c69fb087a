import { expect, test } from 'vitest';
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
