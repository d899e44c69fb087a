import { expect, onTestFinished, test } from 'vitest';
import { askWorkload } from '../../../../src/drill/clients/workload.ts';
import { waitFor } from '../../../../src/util/wait.ts';
import { listen } from '../../../support/listen.ts';

test('asks an address of the user’s on a connection of its own each time, and hides its query', async () => {
  const connections = new Set<unknown>();
  let status = 302;
  const server = await listen((request, response) => {
    connections.add(request.socket);
    response.writeHead(request.url === '/healthz?token=secret' ? status : 404).end('x'.repeat(100_000));
  });
  onTestFinished(() => server.close());
  const url = new URL(`${server.url}/healthz?token=secret`);
  const asked = askWorkload(url, { hz: 100 });
  const seen = (count: number) =>
    waitFor(async () => asked.samples.length >= count || undefined, { what: 'answers', timeoutMs: 20_000 });
  await seen(5);
  expect(asked.address).toBe(`${server.url}/healthz`);
  expect(asked.samples.filter(({ error }) => error !== null)).toEqual([]);
  status = 503;
  const before = asked.samples.length;
  await seen(before + 10);
  const samples = await asked.stop();
  expect(samples.at(-1)!.error).toBe('answered 503');
  expect(connections.size).toBe(samples.length);
});

test('finds that nobody listens', async () => {
  const gone = await listen(() => {});
  await gone.close();
  const asked = askWorkload(new URL(gone.url), { hz: 100 });
  await waitFor(async () => asked.samples.length > 0 || undefined, { what: 'one', timeoutMs: 20_000 });
  expect((await asked.stop())[0]!.error).toMatch(/ECONNREFUSED/);
});
