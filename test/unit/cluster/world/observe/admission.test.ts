import { beforeEach, expect, test, vi } from 'vitest';
import { admissionWatch } from '../../../../../src/cluster/world/observe/admission.ts';
import { type ApiAnswer, type ApiClient, callApi } from '../../../../../src/kubernetes/client.ts';

vi.mock('../../../../../src/kubernetes/client.ts', () => ({ callApi: vi.fn() }));

const asked = vi.mocked(callApi);
const api = {} as ApiClient;
const { signal } = new AbortController();
const allowed: ApiAnswer = { status: 201, text: '{}' };
const denied: ApiAnswer = {
  status: 500,
  text: JSON.stringify({ kind: 'Status', message: 'failed calling webhook "all.example.com"' }),
};

beforeEach(() => void asked.mockReset());

test('what admission lets through is asked once in half a minute', async () => {
  let now = 0;
  const refused = admissionWatch(() => now);
  asked.mockResolvedValue(allowed);
  expect(await refused(api, signal)).toEqual([]);
  const once = asked.mock.calls.length;
  expect(asked.mock.calls.map(([, { path }]) => path).every((path) => path.endsWith('?dryRun=All'))).toBe(
    true,
  );
  now = 29_999;
  await refused(api, signal);
  expect(asked.mock.calls.length).toBe(once);
  now = 30_000;
  await refused(api, signal);
  expect(asked.mock.calls.length).toBe(2 * once);
});

test('what it refuses is asked again at the next look, so that a cure is seen', async () => {
  const refused = admissionWatch(() => 0);
  asked.mockResolvedValue(denied);
  expect((await refused(api, signal))[0]).toBe('leases: failed calling webhook "all.example.com"');
  asked.mockResolvedValue(allowed);
  expect(await refused(api, signal)).toEqual([]);
});

test('an API server that does not answer refuses nothing, and is asked again', async () => {
  const refused = admissionWatch(() => 0);
  asked.mockRejectedValue(new Error('ECONNREFUSED'));
  expect(await refused(api, signal)).toEqual([]);
  asked.mockResolvedValue(denied);
  expect(await refused(api, signal)).not.toEqual([]);
});
