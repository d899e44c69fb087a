import { afterAll, beforeAll, expect, test } from 'vitest';
import { readMeanwhile } from '../../../src/app/read-meanwhile.ts';
import type { HaupEvent } from '../../../src/cluster/loop/events.ts';
import type { RealWorld } from '../../../src/cluster/world/world.ts';
import { waitFor } from '../../../src/util/wait.ts';
import { startTlsServer, type TlsServer } from '../pki/tls-server.ts';

let server: TlsServer;
/** How the API answers. */
let code = 200;
beforeAll(async () => {
  server = await startTlsServer(['127.0.0.1'], (_, response) => response.writeHead(code).end('{}'));
});
afterAll(() => server?.close());

type Read = Extract<HaupEvent, { readonly type: 'read' }>;

test('reads from the first answer on, what fails is said as well, and nothing of a deletion', async () => {
  const reads: Read[] = [];
  let asked = 0;
  let deleting = false;
  const world = {
    api: async () => {
      asked += 1;
      if (asked < 3) throw new Error('the cluster has no API address');
      return { ip: '127.0.0.1', port: server.port, ...server.tls };
    },
    spec: () => ({ deleting }),
  } as unknown as RealWorld;
  const emit = (event: HaupEvent) => void reads.push(event as Read);
  const reader = readMeanwhile(world, { emit, signal: new AbortController().signal });
  const until = (enough: () => boolean) =>
    waitFor(async () => enough() || undefined, { what: 'enough reads', timeoutMs: 30_000 });

  await until(() => reads.length > 2);
  expect(reads.every(({ failed }) => !failed)).toBe(true);
  code = 503;
  await until(() => reads.some(({ failed }) => failed));
  deleting = true;
  const [count, before] = [asked, reads.length];
  await until(() => asked > count + 3);
  expect(reads.length).toBe(before);
  await reader.stop();
});
