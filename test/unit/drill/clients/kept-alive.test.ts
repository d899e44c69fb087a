import type { Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { keptAlive } from '../../../../src/drill/clients/kept-alive.ts';
import type { Load } from '../../../../src/drill/clients/load.ts';
import { waitFor } from '../../../../src/util/wait.ts';
import { startTlsServer, type TlsServer } from '../../pki/tls-server.ts';

let server: TlsServer | undefined;
afterEach(() => server?.close());

async function until<T>(load: Load<T>, isDone: () => boolean): Promise<T> {
  await waitFor(async () => isDone() || undefined, { what: 'requests', timeoutMs: 20_000 });
  return load.stop();
}

const PATHS = { small: '/small', large: '/large' };

test('an API server that stops says when to ask again, ends the connection, and has failed nobody', async () => {
  const stopping = new Set<Socket>();
  const connections = new Set<Socket>();
  let answered = 0;
  server = await startTlsServer(['127.0.0.1'], ({ socket }, answer) => {
    connections.add(socket);
    if (answered === 3 && stopping.size === 0) stopping.add(socket);
    if (!stopping.has(socket)) {
      answered += 1;
      return answer.end('well');
    }
    answer.writeHead(503, { 'retry-after': '1' }).end('apiserver is shutting down');
    setImmediate(() => socket.end());
  });
  const load = keptAlive({ ip: '127.0.0.1', port: server.port, ...server.tls }, PATHS);
  const report = await until(load, () => answered >= 6);
  expect(report.failures).toEqual([]);
  expect(report.retried).toEqual(['answered 503, to be asked again after 1 s']);
  expect(connections.size).toBe(2);
});

test('one that only refuses has failed its client', async () => {
  let asked = 0;
  server = await startTlsServer(['127.0.0.1'], (_, answer) => {
    asked += 1;
    answer.writeHead(503).end('no');
  });
  const load = keptAlive({ ip: '127.0.0.1', port: server.port, ...server.tls }, PATHS);
  const report = await until(load, () => asked >= 2);
  expect(report.failures[0]?.error).toBe('answered 503');
});

test('an answer that was cut is counted, whatever came of its second try', async () => {
  let asked = 0;
  server = await startTlsServer(['127.0.0.1'], ({ socket }, answer) => {
    asked += 1;
    if (asked > 1) return answer.end('whole');
    answer.writeHead(200, { 'content-length': '100' });
    answer.write('a part');
    setTimeout(() => socket.destroy(), 50);
  });
  const load = keptAlive({ ip: '127.0.0.1', port: server.port, ...server.tls }, PATHS);
  const report = await until(load, () => asked >= 3);
  expect([report.cut, report.failures]).toEqual([1, []]);
});
