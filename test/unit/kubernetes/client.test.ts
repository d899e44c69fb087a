import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { etcdClient } from '../../../src/etcd/client.ts';
import { callApi } from '../../../src/kubernetes/client.ts';
import { createAuthorities } from '../../../src/pki/authorities.ts';
import { issueOwnAdmin } from '../../../src/pki/issue.ts';
import { forge } from '../pki/world.ts';

let server: Server;
let port: number;
let admin: { caPem: string; certPem: string; keyPem: string };
beforeAll(async () => {
  const authorities = await createAuthorities('demo');
  const { certPem: cert, keyPem: key } = await forge(authorities.kubernetes, {
    sans: ['127.0.0.1', 'localhost'],
  });
  admin = { caPem: authorities.kubernetes.certPem, ...(await issueOwnAdmin(authorities)) };
  // Two MiB, and then as long as anybody listens.
  server = createServer({ cert, key }, (_, response) => {
    response.on('error', () => {});
    response.write('x'.repeat(2 * 1024 * 1024));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

it('an answer of the API beyond 1 MiB ends the connection, and that is said', async () => {
  const asked = callApi({ ip: '127.0.0.1', port, ...admin }, { path: '/', timeoutMs: 30_000 });
  await expect(asked).rejects.toThrow('its answer is longer than 1024 KiB: the connection was closed');
});

it("and so does one of etcd's", async () => {
  const client = etcdClient({
    member: 'demo-master',
    tls: admin,
    connect: async () => connect(port, '127.0.0.1'),
  });
  await expect(client.memberList({ timeoutMs: 30_000 })).rejects.toMatchObject({
    kind: 'unreachable',
    words: 'its answer is longer than 1024 KiB: the connection was closed',
  });
});
