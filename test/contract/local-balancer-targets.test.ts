import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAuthorities } from '../../src/pki/authorities.ts';
import { BALANCER_IP } from '../../src/providers/local/address/addresses.ts';
import { haproxyConfig } from '../../src/providers/local/balancer/config.ts';
import { addServer, command, serverStates, setState } from '../../src/providers/local/balancer/runtime.ts';
import { waitFor } from '../../src/util/wait.ts';
import { forge } from '../unit/pki/world.ts';

/** A real haproxy with haup's own configuration on loopback, before three servers that stand for API servers. */
const FRONT = '127.0.0.90';
const PORT = 7444;
const targets = { one: '127.0.0.91', two: '127.0.0.92', three: '127.0.0.93' };
let folder: string;
let socket: string;
let haproxy: ChildProcess;
let identity: { readonly certPem: string; readonly keyPem: string };
const servers = new Map<string, Server>();
/** Those that listen and know nobody yet, as an API server does that has just been started. */
const fresh = new Set<string>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haup-lb-'));
  socket = join(folder, 'sock');
  identity = await forge((await createAuthorities('demo')).kubernetes, { sans: [FRONT] });
  await Promise.all(Object.keys(targets).map((name) => listen(name)));
  const [one, two] = Object.entries(targets).map(([name, ip]) => ({ name, ip }));
  const config = haproxyConfig(PORT, socket, [one!, two!]).replace(BALANCER_IP, FRONT);
  await writeFile(join(folder, 'cfg'), config);
  haproxy = spawn('haproxy', ['-db', '-f', join(folder, 'cfg')], { stdio: 'ignore' });
  await waitFor(() => command(socket, 'show info'), { what: 'haproxy to start', timeoutMs: 20_000 });
  // The third comes while it runs, as masters do.
  await addServer(socket, { name: 'three', ip: targets.three }, PORT);
  await setState(socket, 'three', 'ready');
  await healthy('one', 'two', 'three');
});

afterAll(async () => {
  haproxy.kill('SIGKILL');
  for (const name of servers.keys()) await crash(name);
  await rm(folder, { recursive: true, force: true });
});

async function listen(name: string): Promise<void> {
  const { certPem: cert, keyPem: key } = identity;
  const server = createServer({ cert, key }, ({ url }, answer) => {
    const refusal = url === '/readyz' ? 500 : 403;
    answer.writeHead(fresh.has(name) ? refusal : 200, { connection: 'close' }).end(name);
  });
  servers.set(name, server);
  await new Promise<void>((resolve) => server.listen(PORT, targets[name as keyof typeof targets], resolve));
}

async function crash(name: string): Promise<void> {
  const server = servers.get(name)!;
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

async function healthy(...names: string[]): Promise<void> {
  await waitFor(
    async () => {
      const states = await serverStates(socket);
      return names.every((name) => states.some((s) => s.name === name && s.healthy)) || undefined;
    },
    { what: `${names} to be healthy`, timeoutMs: 20_000, intervalMs: 20, maxIntervalMs: 50 },
  );
}

/** Over a connection of its own. */
function ask(): Promise<{ readonly status: number; readonly by: string }> {
  return new Promise((resolve, reject) => {
    const options = { host: FRONT, port: PORT, path: '/api', rejectUnauthorized: false, agent: false };
    const outgoing = request(options, (answer) => {
      let by = '';
      answer.setEncoding('utf8').on('data', (text: string) => {
        by += text;
      });
      answer.on('end', () => resolve({ status: answer.statusCode!, by }));
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

test.each(['one', 'three'])(
  'a target that has crashed and listens again (%s) gets nobody before it says that it is ready',
  async (name) => {
    await crash(name);
    // Whoever is sent to it meanwhile is sent on, and haproxy knows.
    for (let n = 0; n < 30; n++) expect(await ask()).toMatchObject({ status: 200 });
    fresh.add(name);
    await listen(name);
    for (let n = 0; n < 60; n++) expect(await ask()).toMatchObject({ status: 200 });
    fresh.delete(name);
    await healthy(name);
    await waitFor(async () => (await ask()).by === name || undefined, {
      what: `somebody to be sent to ${name} again`,
      timeoutMs: 20_000,
      intervalMs: 10,
      maxIntervalMs: 10,
    });
  },
);
