import { afterEach, expect, test } from 'vitest';
import { type Api, openApi } from '../../../../src/federation/controller/api.ts';
import { startTlsServer, type TlsServer } from '../../pki/tls-server.ts';

let server: TlsServer;
let api: Api;
afterEach(() => {
  api.close();
  server.close();
});

/** An API server that is not ready yet for so many calls, and wants to be asked again after so many seconds. */
async function start(unready: number, after: string): Promise<string[]> {
  const asked: string[] = [];
  server = await startTlsServer(['127.0.0.1'], ({ method, url }, response) => {
    asked.push(`${method} ${url}`);
    if (asked.length > unready) return void response.end('{"metadata": {"name": "a"}}');
    const words = { reason: 'TooManyRequests', message: 'storage is (re)initializing' };
    response.writeHead(429, { 'retry-after': after }).end(JSON.stringify(words));
  });
  api = openApi({ server: `https://127.0.0.1:${server.port}`, ...server.tls });
  return asked;
}

test('a server that has just started is asked again, when it wants to be', async () => {
  const asked = await start(2, '0');
  expect((await api.call('PATCH', '/a', { body: {} })).metadata.name).toBe('a');
  expect(asked).toEqual(['PATCH /a', 'PATCH /a', 'PATCH /a']);
});

test('and says why it does not answer where there is no time for that', async () => {
  const asked = await start(1, '60');
  await expect(api.call('GET', '/a', { timeoutMs: 200 })).rejects.toMatchObject({
    status: 429,
    message: 'storage is (re)initializing',
  });
  expect(asked).toEqual(['GET /a']);
});
