import { expect, test, vi } from 'vitest';
import type { ApiAnswer, ApiClient, ApiRequest } from '../../../src/kubernetes/client.ts';
import { listNodes } from '../../../src/nodes/api/nodes.ts';
import { podsOn } from '../../../src/nodes/api/pods.ts';

let answer: (url: URL, request: ApiRequest) => unknown;
vi.mock('../../../src/kubernetes/client.ts', () => ({
  callApi: async (_: ApiClient, request: ApiRequest): Promise<ApiAnswer> => {
    const text = JSON.stringify(answer(new URL(request.path, 'https://api'), request));
    if (text.length > (request.maxBytes ?? 2 ** 20)) throw new Error('its answer is too long');
    return { status: 200, text };
  },
}));
const api = {} as ApiClient;

/** Answers as the API server pages: `limit` objects, and where to go on. */
function serve(objects: readonly { readonly metadata: { readonly name: string } }[]): void {
  answer = ({ searchParams }) => {
    const from = Number(searchParams.get('continue') ?? 0);
    const to = from + Number(searchParams.get('limit') ?? objects.length);
    return {
      metadata: to < objects.length ? { continue: String(to) } : {},
      items: objects.slice(from, to),
    };
  };
}

/** As long as a real one, whose images alone are some kilobytes. */
const long = 'x'.repeat(20_000);

test('a hundred nodes are all read, though no one answer could hold them', async () => {
  const names = Array.from({ length: 100 }, (_, index) => `demo-node-${String(index).padStart(3, '0')}`);
  serve(names.map((name) => ({ metadata: { name, annotations: { long } }, spec: {}, status: {} })));
  expect((await listNodes(api)).map(({ name }) => name)).toEqual(names);
});

test('all pods of a full node are read, and of that node alone', async () => {
  const pod = (name: string) => ({
    metadata: { name, namespace: 'shop', uid: name, annotations: { long } },
    status: { phase: 'Running' },
  });
  serve(Array.from({ length: 110 }, (_, index) => pod(`web-${index}`)));
  const pages = answer;
  answer = (url, request) => {
    expect(url.searchParams.get('fieldSelector')).toBe('spec.nodeName=demo-node-abc');
    return pages(url, request);
  };
  expect(await podsOn(api, 'demo-node-abc')).toHaveLength(110);
});

test.each([
  ['the same page again', () => ({ metadata: { continue: 'a' }, items: [] })],
  ['pages without an end', () => ({ metadata: { continue: String(Math.random()) }, items: [] })],
  ['half of an answer', () => ({ items: [] })],
])('%s is no list of nodes', async (_, wrong) => {
  answer = wrong;
  await expect(listNodes(api)).rejects.toMatchObject({ name: 'ApiError' });
});
