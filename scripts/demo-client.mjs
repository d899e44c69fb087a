/**
 * A client that writes, for scripts/demo: every 100 ms, without waiting for the answer to the last one, it creates a
 * ConfigMap over a new TLS connection, and gives each one second. At SIGTERM it looks whether everything that was
 * acknowledged is there, and says what it noticed.
 *
 *   node scripts/demo-client.mjs KUBECONFIG NAMESPACE PREFIX
 */
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { parse } from 'yaml';

const EVERY_MS = 100;
const DEADLINE_MS = 1000;

const [file, namespace, prefix] = process.argv.slice(2);
const { clusters, users } = parse(readFileSync(file, 'utf8'));
const decoded = (text) => Buffer.from(text, 'base64').toString();
const tls = {
  ca: decoded(clusters[0].cluster['certificate-authority-data']),
  cert: decoded(users[0].user['client-certificate-data']),
  key: decoded(users[0].user['client-key-data']),
};
const collection = new URL(`/api/v1/namespaces/${namespace}/configmaps`, clusters[0].cluster.server);

const acknowledged = [];
let begun = 0;
let failed = 0;
let lastSuccess = Date.now();
let longestPause = 0;

function call(method, body, deadline) {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const signal = AbortSignal.timeout(deadline);
    const sent = request(collection, { ...tls, method, headers, agent: false, signal }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('error', reject);
      answer.on('end', () =>
        answer.statusCode < 300
          ? resolve(Buffer.concat(parts).toString())
          : reject(new Error(`${answer.statusCode}`)),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

async function write() {
  const name = `${prefix}-${++begun}`;
  const body = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });
  try {
    await call('POST', body, DEADLINE_MS);
  } catch {
    failed += 1;
    return;
  }
  acknowledged.push(name);
  longestPause = Math.max(longestPause, Date.now() - lastSuccess);
  lastSuccess = Date.now();
}

const timer = setInterval(write, EVERY_MS);
process.on('SIGTERM', async () => {
  clearInterval(timer);
  await new Promise((resolve) => setTimeout(resolve, DEADLINE_MS)); // what is in flight has been answered by then
  longestPause = Math.max(longestPause, Date.now() - DEADLINE_MS - lastSuccess);
  const { items } = JSON.parse(await call('GET', undefined, 10_000));
  const there = new Set(items.map((item) => item.metadata.name));
  const lost = acknowledged.filter((name) => !there.has(name));
  console.log(
    `   the client: ${begun} writes, ${failed} failed, longest pause ${(longestPause / 1000).toFixed(1)} s; ` +
      (lost.length === 0 ? 'every acknowledged write is there' : `LOST: ${lost.join(', ')}`),
  );
  process.exit(lost.length === 0 ? 0 : 1);
});
