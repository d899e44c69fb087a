import { expect, test } from 'vitest';
import { removeMemberDns } from '../../../../src/app/federation/member-dns.ts';
import type { Api } from '../../../../src/federation/controller/api.ts';

/** A member whose DNS knows these federations. */
function member(data: Readonly<Record<string, string>>): Api & { readonly calls: unknown[][] } {
  const calls: unknown[][] = [];
  return {
    calls,
    async call(method, path, options) {
      calls.push([method, path, ...(options ? [options.body] : [])]);
      return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'coredns-custom' }, data };
    },
    text: async () => '',
    watch: async () => {},
    close() {},
  };
}

const PATH = '/api/v1/namespaces/kube-system/configmaps/coredns-custom';

test('who leaves forgets the names of that federation, under its own field manager, and no other', async () => {
  const eu = member({ 'federation-world.server': 'world:53 {}', 'federation-moon.server': 'moon:53 {}' });
  const steps = await removeMemberDns(eu, 'world', 'eu');
  expect(steps.map(({ text }) => text)).toEqual(['take the names of world out of the DNS of eu']);
  expect(eu.calls).toHaveLength(1);
  await steps[0]!.run();
  const metadata = { name: 'coredns-custom', namespace: 'kube-system' };
  expect(eu.calls[1]).toEqual([
    'PATCH',
    `${PATH}?fieldManager=haup-federation-world&force=true`,
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: {} },
  ]);
});

test('a member that never knew them has nothing to forget', async () => {
  expect(await removeMemberDns(member({}), 'world', 'eu')).toEqual([]);
});
