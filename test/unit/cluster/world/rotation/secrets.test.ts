import { expect, test } from 'vitest';
import { secretsNotUnder } from '../../../../../src/cluster/world/rotation/secrets.ts';

/** An etcd that has these Secrets, each under the key of this name, and gives at most `limit` of them at a time. */
function etcdWith(secrets: Readonly<Record<string, string>>) {
  const kvs = Object.entries(secrets)
    .map(([name, key]) => ({
      key: `/registry/secrets/${name}`,
      value: Buffer.from(`k8s:enc:secretbox:v1:${key}:\0\xff…`),
    }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const asked: string[] = [];
  return {
    asked,
    async range({ from, to, limit }: { from: string; to: string; limit: number }) {
      asked.push(from);
      return kvs.filter(({ key }) => key >= from && key < to).slice(0, limit);
    },
  };
}

test('Secrets under another key are found, page by page, each once', async () => {
  const names = Array.from({ length: 250 }, (_, i) => `ns/s${String(i).padStart(3, '0')}`);
  const under = Object.fromEntries(names.map((name, i) => [name, i % 5 === 0 ? 'key1' : 'key2']));
  const etcd = etcdWith(under);
  const found = await secretsNotUnder(etcd, 'key2');
  expect(found.map(({ namespace, name }) => `${namespace}/${name}`)).toEqual(
    names.filter((_, i) => i % 5 === 0),
  );
  expect(etcd.asked).toHaveLength(3);
});

test('what is in clear text, or under a key whose name begins alike, is under another', async () => {
  const etcd = etcdWith({ 'a/one': 'key20', 'a/two': 'key2' });
  expect(await secretsNotUnder(etcd, 'key2')).toEqual([{ namespace: 'a', name: 'one' }]);
  const clear = { range: async () => [{ key: '/registry/secrets/a/b', value: Buffer.from('{}') }] };
  expect(await secretsNotUnder(clear, 'key1')).toEqual([{ namespace: 'a', name: 'b' }]);
});
