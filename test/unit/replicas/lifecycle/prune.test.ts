import { beforeEach, expect, test } from 'vitest';
import { ADDON_LABEL, type Addon } from '../../../../src/addons/addons.ts';
import type { KubernetesObject } from '../../../../src/addons/object.ts';
import { type Ask, prune } from '../../../../src/replicas/lifecycle/prune.ts';

/** A cluster of objects by path, as an API server keeps them. */
const cluster = new Map<string, KubernetesObject>();
const asked: string[] = [];
const ask: Ask = async (method, url, body) => {
  const path = url.replace(/\?.*/, '');
  if (method !== 'GET') asked.push(`${method} ${path}`);
  if (method === 'PATCH') cluster.set(path, body as KubernetesObject);
  const found = cluster.get(path) ?? null;
  if (method === 'DELETE') cluster.delete(path);
  return found;
};

function object(
  kind: string,
  name: string,
  more: { namespace?: string; apiVersion?: string } = {},
): KubernetesObject {
  const { apiVersion = 'v1', ...where } = more;
  return { apiVersion, kind, metadata: { name, ...where, labels: { [ADDON_LABEL]: 'mine' } } };
}

const mine = (...objects: KubernetesObject[]): Addon[] => [{ name: 'mine', objects }];
const put = (path: string, of: KubernetesObject) => void cluster.set(path, of);
const kept = object('ConfigMap', 'kept', { namespace: 'shop' });

beforeEach(() => {
  cluster.clear();
  asked.length = 0;
});

test('what is no add-on’s any more is deleted, and what is still one’s is not', async () => {
  const role = object('ClusterRole', 'gone', { apiVersion: 'rbac.authorization.k8s.io/v1' });
  const policy = object('NetworkPolicy', 'gone', { apiVersion: 'networking.k8s.io/v1' });
  await prune(ask, mine(kept, role, policy));
  put('/api/v1/namespaces/shop/configmaps/kept', kept);
  put('/apis/rbac.authorization.k8s.io/v1/clusterroles/gone', role);
  put('/apis/networking.k8s.io/v1/namespaces/default/networkpolicies/gone', policy);
  asked.length = 0;
  await prune(ask, mine(kept));
  expect(asked).toEqual([
    'DELETE /apis/rbac.authorization.k8s.io/v1/clusterroles/gone',
    'DELETE /apis/networking.k8s.io/v1/namespaces/default/networkpolicies/gone',
    'PATCH /api/v1/namespaces/kube-system/configmaps/haup-addons',
  ]);
  asked.length = 0;
  await prune(ask, mine(kept));
  expect(asked).toEqual([]);
});

test('an object that somebody has taken over, or another version of it, stays', async () => {
  const taken = object('Service', 'taken', { namespace: 'shop' });
  const moved = object('FlowSchema', 'moved', { apiVersion: 'flowcontrol.apiserver.k8s.io/v1beta3' });
  await prune(ask, mine(taken, moved));
  put('/api/v1/namespaces/shop/services/taken', { ...taken, metadata: { ...taken.metadata, labels: {} } });
  put('/apis/flowcontrol.apiserver.k8s.io/v1beta3/flowschemas/moved', moved);
  await prune(ask, mine({ ...moved, apiVersion: 'flowcontrol.apiserver.k8s.io/v1' }));
  expect(asked.filter((each) => each.startsWith('DELETE'))).toEqual([]);
});

test('the list keeps what could not be deleted', async () => {
  const gone = object('ConfigMap', 'gone', { namespace: 'shop' });
  await prune(ask, mine(gone));
  put('/api/v1/namespaces/shop/configmaps/gone', gone);
  const failing: Ask = async (method, path, body) => {
    if (method === 'DELETE') throw new Error('answered 500');
    return ask(method, path, body);
  };
  await expect(prune(failing, mine())).rejects.toThrow('500');
  asked.length = 0;
  await prune(ask, mine());
  expect(asked[0]).toBe('DELETE /api/v1/namespaces/shop/configmaps/gone');
});

test.each([
  ['no JSON', 'shop'],
  ['an object', '{}'],
  ['an entry without a kind', '[{"addon":"mine","apiVersion":"v1","namespace":null,"name":"x"}]'],
  ...['../namespaces/shop', 'a/b', '..', '%2e%2e', ''].map((name): [string, string] => [
    `the name ${name}`,
    JSON.stringify([{ addon: 'mine', apiVersion: 'v1', kind: 'Service', namespace: 'a', name }]),
  ]),
  [
    'a version that is a path',
    JSON.stringify([
      {
        ...{ addon: 'mine', apiVersion: 'v1/namespaces/shop/x' },
        kind: 'Service',
        namespace: null,
        name: 'x',
      },
    ]),
  ],
])('a list in which somebody has put %s deletes nothing, and is written anew', async (_, objects) => {
  const record = '/api/v1/namespaces/kube-system/configmaps/haup-addons';
  put(record, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'haup-addons' }, data: { objects } });
  const looked: string[] = [];
  const everything: Ask = async (method, path, body) => {
    looked.push(path.replace(/\?.*/, ''));
    return method === 'GET' && path !== record ? object('Service', 'x') : ask(method, path, body);
  };
  await prune(everything, mine(kept));
  expect(looked).toEqual([record, record]);
  expect(asked).toEqual([`PATCH ${record}`]);
});

test('what a name holds is no more than a name in the request', async () => {
  const odd = object('Service', 'x?dryRun=All#', { namespace: 'shop' });
  await prune(ask, mine(odd));
  const paths: string[] = [];
  await prune(async (method, path, body) => {
    paths.push(path);
    return ask(method, path, body);
  }, mine(kept));
  expect(paths).toContain('/api/v1/namespaces/shop/services/x%3FdryRun%3DAll%23');
});
