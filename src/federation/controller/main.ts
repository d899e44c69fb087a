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
// Read once: whoever has renewed them has this process begun anew.
const [caPem, certPem, keyPem] = ['ca.crt', 'federation.crt', 'federation.key'].map(read);
const ended = await serve({
  api: openApi({ server: server!, caPem, certPem: certPem!, keyPem: keyPem! }),
  holder: `${hostname()}-${process.pid}`,
  now: () => Math.round(performance.now()),
  log: (line) => void process.stdout.write(`${line}\n`),
  isOld: () => read('federation.crt') !== certPem || read('ca.crt') !== caPem,
  signal: told.signal,
});
process.exit(ended === 'lease-lost' ? 1 : 0);
