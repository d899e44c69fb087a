import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { etcdClient } from '../../../src/etcd/client.ts';
import { callApi } from '../../../src/kubernetes/client.ts';
import { startTlsServer, type TlsServer } from '../pki/tls-server.ts';

let server: TlsServer;
beforeAll(async () => {
  // Two MiB, and then as long as anybody listens.
  server = await startTlsServer(['127.0.0.1', 'localhost'], (_, response) => {
    response.on('error', () => {});
    response.write('x'.repeat(2 * 1024 * 1024));
  });
});
afterAll(() => server?.close());

it('an answer of the API beyond 1 MiB ends the connection, and that is said', async () => {
  const asked = callApi(
    { ip: '127.0.0.1', port: server.port, ...server.tls },
    { path: '/', timeoutMs: 30_000 },
  );
  await expect(asked).rejects.toThrow('its answer is longer than 1024 KiB: the connection was closed');
});

it("and so does one of etcd's", async () => {
  const client = etcdClient({
    member: 'demo-master',
    tls: server.tls,
    connect: async () => connect(server.port, '127.0.0.1'),
  });
  await expect(client.memberList({ timeoutMs: 30_000 })).rejects.toMatchObject({
    kind: 'unreachable',
    words: 'its answer is longer than 1024 KiB: the connection was closed',
  });
});
