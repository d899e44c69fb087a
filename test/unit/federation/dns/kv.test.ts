import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { keyValues } from '../../../../src/federation/dns/coredns/kv.ts';

const open: (Server | TcpServer)[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

async function listening(server: Server | TcpServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(server);
  return (server.address() as AddressInfo).port;
}

/** An etcd as far as a call goes: always the same answer. Counts how often it was asked. */
async function etcd(status: number, body: object): Promise<{ endpoint: string; asked: number }> {
  const it = { endpoint: '', asked: 0 };
  const server = createServer((request, response) => {
    it.asked += 1;
    request.resume().on('end', () => response.writeHead(status).end(JSON.stringify(body)));
  });
  it.endpoint = `http://127.0.0.1:${await listening(server)}`;
  return it;
}

const well = () => etcd(200, { header: { revision: '7' }, succeeded: true });
const put = { conditions: [], puts: [{ key: 'k', value: 'v' }], deletes: [] };

describe('the DNS etcd', () => {
  test('is asked at its next endpoint when one does not come to a connection, and there first from then on', async () => {
    let connections = 0;
    const silent = createTcpServer(() => (connections += 1));
    const dead = `https://127.0.0.1:${await listening(silent)}`;
    const next = await well();
    const store = keyValues({ endpoints: [dead, next.endpoint] });
    const since = Date.now();
    expect(await store.list('k')).toEqual({ entries: [], revision: '7' });
    expect(Date.now() - since).toBeLessThan(5_000);
    expect(await store.transact(put)).toBe('7');
    expect([connections, next.asked]).toEqual([1, 2]);
  });

  test('is asked at its next endpoint, for a change too, when one has lost its quorum', async () => {
    const cut = await etcd(503, { message: 'etcdserver: no leader', code: 14 });
    const next = await well();
    expect(await keyValues({ endpoints: [cut.endpoint, next.endpoint] }).transact(put)).toBe('7');
    const since = keyValues({ endpoints: [next.endpoint, cut.endpoint] });
    await since.list('k');
    expect([cut.asked, next.asked]).toEqual([1, 2]);
  });

  test('says that it does not let anybody in sooner than that a part of it is silent', async () => {
    const strict = await etcd(403, { message: 'etcdserver: permission denied', code: 7 });
    const gone = 'http://127.0.0.1:1';
    for (const endpoints of [
      [gone, strict.endpoint],
      [strict.endpoint, gone],
    ])
      await expect(keyValues({ endpoints }).list('k')).rejects.toMatchObject({ kind: 'denied' });
    await expect(keyValues({ endpoints: [gone] }).list('k')).rejects.toMatchObject({ kind: 'trouble' });
  });
});
