import { createServer } from 'node:net';
import { afterEach, beforeAll, expect, test } from 'vitest';
import type { ApiClient } from '../../../src/kubernetes/client.ts';
import { moveAddress } from '../../../src/lb/move.ts';
import { startTlsServer, type TlsServer } from '../pki/tls-server.ts';

/** A port at which nobody answers: one that was free a moment ago. */
let port = 0;

beforeAll(async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  port = (server.address() as { port: number }).port;
  await new Promise((resolve) => server.close(resolve));
});

let server: TlsServer | undefined;
afterEach(() => {
  server?.close();
  server = undefined;
});

interface Options {
  readonly somebodyServes: boolean;
  readonly mayGoBack: boolean;
  readonly api?: ApiClient;
  /** Thrown once the address is there. */
  readonly fails?: Error;
}

function move(options: Options) {
  const moves: string[] = [];
  const done = moveAddress({
    during: null,
    api: options.api ?? { ip: '127.0.0.1', port, caPem: '', certPem: '', keyPem: '' },
    handOver: async () => {
      moves.push('there');
      if (options.fails) throw options.fails;
    },
    handBack: options.mayGoBack ? async () => void moves.push('back') : null,
    somebodyServes: options.somebodyServes,
    patienceMs: options.api ? 20_000 : 100,
    progress: () => {},
  });
  return { moves, done };
}

test('a new holder that does not answer although API servers serve gives the address back', async () => {
  const { moves, done } = move({ somebodyServes: true, mayGoBack: true });
  await expect(done).rejects.toThrow(/to answer at 127\.0\.0\.1/);
  expect(moves).toEqual(['there', 'back']);
});

test('where nobody may have it back, as when its zone is lost, it stays', async () => {
  const { moves, done } = move({ somebodyServes: true, mayGoBack: false });
  await expect(done).rejects.toThrow(/to answer at/);
  expect(moves).toEqual(['there']);
});

test('while no API server serves, no answer is waited for: the address moves, and what is missing comes after', async () => {
  const { moves, done } = move({ somebodyServes: false, mayGoBack: true });
  expect(await done).toBeNull();
  expect(moves).toEqual(['there']);
});

test('from a new holder that answers nothing is taken back, though something fails after the move', async () => {
  let asked = 0;
  server = await startTlsServer(['127.0.0.1'], (_, answer) => {
    asked += 1;
    // Not at once: packets may take a moment to find their new way.
    if (asked < 3) answer.writeHead(503).end('no');
    else answer.end('ok');
  });
  const api = { ip: '127.0.0.1', port: server.port, ...server.tls };
  const fails = new Error('the old holder got no address of its own');
  const { moves, done } = move({ somebodyServes: true, mayGoBack: true, api, fails });
  await expect(done).rejects.toThrow(fails.message);
  expect(moves).toEqual(['there']);
});

test('after a move that failed and left nobody who answers, the address goes back', async () => {
  const fails = new Error('no forwarding rule');
  const { moves, done } = move({ somebodyServes: true, mayGoBack: true, fails });
  await expect(done).rejects.toThrow(fails.message);
  expect(moves).toEqual(['there', 'back']);
});
