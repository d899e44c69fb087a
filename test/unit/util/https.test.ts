import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createAuthorities } from '../../../src/pki/authorities.ts';
import { callHttps, type HttpsPeer, type TlsIdentity } from '../../../src/util/https.ts';
import { startTlsServer, type TlsServer } from '../pki/tls-server.ts';

let server: TlsServer;
let tls: TlsIdentity;
let asked: string[];
/** What the server does with a request, after it has been noted. */
let answer: (socket: Socket) => void;

beforeAll(async () => {
  server = await startTlsServer(['localhost'], async (request, response) => {
    const { method, url, headers } = request;
    asked.push(`${method} ${url} ${headers.host} ${headers['content-type'] ?? '-'} ${await text(request)}`);
    if (url === '/') response.end('well');
    else answer(request.socket);
  });
  tls = server.tls;
});
afterAll(() => server?.close());
beforeEach(() => {
  asked = [];
});

const never = new AbortController().signal;
const opened: Socket[] = [];

async function toServer(): Promise<Socket> {
  const socket = connect(server.port, '127.0.0.1');
  opened.push(socket);
  await once(socket, 'connect');
  return socket;
}

function peer(change: Partial<HttpsPeer> = {}): HttpsPeer {
  return { tls, name: 'localhost', connect: toServer, ...change };
}

const get = { method: 'GET', path: '/' };

it('asks as it was told, says what was answered, and leaves no connection', async () => {
  await expect(callHttps(peer(), get, never)).resolves.toEqual({ status: 200, text: 'well' });
  const put = { method: 'PUT', path: '/', body: '{"é":1}', contentType: 'application/merge-patch+json' };
  await callHttps(peer(), put, never);
  expect(asked).toEqual(['GET / localhost - ', 'PUT / localhost application/merge-patch+json {"é":1}']);
  expect(opened.every(({ destroyed }) => destroyed)).toBe(true);
});

describe('a server is told nothing', () => {
  it('where another authority has certified it', async () => {
    const { kubernetes } = await createAuthorities('other');
    const other = peer({ tls: { ...tls, caPem: kubernetes.certPem } });
    await expect(callHttps(other, get, never)).rejects.toThrow(/verify|unable to get local issuer/);
    expect(asked).toEqual([]);
  });

  it.each(['demo-master', '127.0.0.1'])('where it has no certificate for the name %s', async (name) => {
    await expect(callHttps(peer({ name }), get, never)).rejects.toThrow(/does not match|not in the cert/);
    expect(asked).toEqual([]);
  });

  it('where the environment says that no certificate matters', async () => {
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    try {
      await expect(callHttps(peer({ name: 'demo-master' }), get, never)).rejects.toThrow(/does not match/);
    } finally {
      delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    }
    expect(asked).toEqual([]);
  });
});

describe('no answer is made of', () => {
  it('a connection that ends before it', async () => {
    answer = (socket) => socket.destroy();
    await expect(callHttps(peer(), { ...get, path: '/cut' }, never)).rejects.toThrow();
  });

  it('an answer that is cut off', async () => {
    answer = (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf');
    await expect(callHttps(peer(), { ...get, path: '/cut' }, never)).rejects.toThrow();
  });

  it('one that is longer than it may be', async () => {
    await expect(callHttps(peer(), { ...get, maxBytes: 3 }, never)).rejects.toThrow('longer than');
  });
});

describe('as soon as the signal aborts', () => {
  it('a silent server is left', async () => {
    const stop = new AbortController();
    answer = () => stop.abort(new Error('enough'));
    await expect(callHttps(peer(), { ...get, path: '/silent' }, stop.signal)).rejects.toThrow('enough');
    expect(opened.at(-1)?.destroyed).toBe(true);
  });

  it('a connection that is not there yet is not waited for, and closed when it comes', async () => {
    const stop = new AbortController();
    let come = (_: Socket): void => {};
    const late = new Promise<Socket>((resolve) => {
      come = resolve;
    });
    const asking = callHttps(peer({ connect: () => late }), get, stop.signal);
    stop.abort(new Error('enough'));
    await expect(asking).rejects.toThrow('enough');
    const socket = await toServer();
    const closed = once(socket, 'close');
    come(socket);
    await closed;
  });

  it('nothing is begun after it', async () => {
    const begun = callHttps(
      peer({ connect: () => expect.unreachable() }),
      get,
      AbortSignal.abort(new Error('enough')),
    );
    await expect(begun).rejects.toThrow('enough');
  });
});
