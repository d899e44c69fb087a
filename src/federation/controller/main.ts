/**
 * The federation's controller, one file once it is built, on each master of a federation: `node federation.mjs SERVER FOLDER`. In the
 * folder are ca.crt, federation.crt and federation.key. One of them is active, by a lease. Whenever it ends systemd begins it anew.
 */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { openApi } from './api.ts';
import { serve } from './serve.ts';

const told = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => told.abort());

const [, , server, folder] = process.argv;
const read = (file: string): string => readFileSync(`${folder}/${file}`, 'utf8');
const certificate = read('federation.crt');
const ended = await serve({
  api: openApi({
    server: server!,
    caPem: read('ca.crt'),
    certPem: certificate,
    keyPem: read('federation.key'),
  }),
  holder: `${hostname()}-${process.pid}`,
  now: () => Math.round(performance.now()),
  log: (line) => void process.stdout.write(`${line}\n`),
  isOld: () => read('federation.crt') !== certificate,
  signal: told.signal,
});
process.exit(ended === 'lease-lost' ? 1 : 0);
