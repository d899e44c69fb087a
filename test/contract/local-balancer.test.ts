import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { endClientConnections } from '../../src/providers/local/balancer/end-connections.ts';
import { command } from '../../src/providers/local/balancer/runtime.ts';
import { waitFor } from '../../src/util/wait.ts';

/** A real haproxy on loopback, before a server that answers each request in forty pieces, ten milliseconds apart. */
const IP = '127.0.0.89';
const FRONT = 7443;
const PIECES = 40;
let folder: string;
let socket: string;
let server: Server;
let haproxy: ChildProcess;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haup-lb-'));
  socket = join(folder, 'sock');
  server = createServer((client) => {
    client.on('error', () => {});
    client.on('data', () => {
      let left = PIECES;
      const timer = setInterval(() => {
        client.write('piece ');
        left -= 1;
        if (left === 0) clearInterval(timer);
      }, 10);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, IP, resolve));
  const { port } = server.address() as AddressInfo;
  const config = `global
  stats socket ${socket} mode 600 level admin
defaults
  mode tcp
  timeout connect 1s
  timeout client 1h
  timeout server 1h
frontend api
  bind ${IP}:${FRONT}
  default_backend checked
backend checked
  server one ${IP}:${port}
`;
  await writeFile(join(folder, 'cfg'), config);
  haproxy = spawn('haproxy', ['-db', '-f', join(folder, 'cfg')], { stdio: 'inherit' });
  await waitFor(() => command(socket, 'show info'), { what: 'haproxy to start', timeoutMs: 20_000 });
});

afterAll(async () => {
  haproxy.kill('SIGKILL');
  server.close();
  await rm(folder, { recursive: true, force: true });
});

interface Client {
  readonly stream: Socket;
  readonly closed: Promise<string>;
}

async function client(): Promise<Client> {
  const stream = connect(FRONT, IP);
  let text = '';
  stream.setEncoding('utf8').on('data', (more: string) => {
    text += more;
  });
  const closed = new Promise<string>((resolve) => stream.on('close', () => resolve(text)));
  stream.on('error', () => {});
  await new Promise((resolve) => stream.once('connect', resolve));
  return { stream, closed };
}

test('who sees clients off ends idle connections at once, and one with an answer in progress when that has ended', async () => {
  const idle = await client();
  const busy = await client();
  const answering = new Promise<void>((resolve) => busy.stream.once('data', () => resolve()));
  busy.stream.write('a request');
  await answering;
  const order: string[] = [];
  const ends = [
    idle.closed.then((text) => {
      order.push('idle');
      expect(text).toBe('');
    }),
    busy.closed.then((text) => {
      order.push('busy');
      expect(text).toBe('piece '.repeat(PIECES));
    }),
  ];
  await endClientConnections(socket, new AbortController().signal);
  await Promise.all(ends);
  expect(order).toEqual(['idle', 'busy']);
});

test('nobody waits for a balancer that is dead', async () => {
  await endClientConnections(join(folder, 'no-such-socket'), new AbortController().signal);
});
