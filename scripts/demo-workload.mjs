/**
 * A client of the workload, for scripts/demo: every 100 ms, without waiting for the answer to the last one, it asks for a page
 * over a new connection. At SIGTERM it says what it noticed; it fails if a request has.
 *
 *   node scripts/demo-workload.mjs URL
 */
import { get } from 'node:http';

const EVERY_MS = 100;
/** A lost packet is sent again after a second, and once more after two. */
const DEADLINE_MS = 5000;

const [url] = process.argv.slice(2);
const pods = new Set();
const failures = [];
let begun = 0;
let longest = 0;

function ask() {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(DEADLINE_MS);
    get(url, { agent: false, signal }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (part) => {
        text += part;
      });
      answer.on('error', reject);
      answer.on('end', () =>
        answer.statusCode === 200 ? resolve(text) : reject(new Error(`${answer.statusCode}`)),
      );
    }).on('error', reject);
  });
}

async function request() {
  const start = Date.now();
  begun += 1;
  try {
    pods.add((await ask()).split(' ')[0]);
  } catch (error) {
    failures.push(`${new Date(start).toISOString()} ${error.message}`);
  }
  longest = Math.max(longest, Date.now() - start);
}

const running = new Set();
const timer = setInterval(() => {
  const one = request().finally(() => running.delete(one));
  running.add(one);
}, EVERY_MS);

process.on('SIGTERM', async () => {
  clearInterval(timer);
  await Promise.all(running);
  console.log(
    `   the workload's client: ${begun} requests to ${pods.size} pods, ${failures.length} failed, ` +
      `the slowest took ${(longest / 1000).toFixed(1)} s`,
  );
  for (const failure of failures.slice(0, 10)) console.log(`     ${failure}`);
  process.exit(failures.length === 0 ? 0 : 1);
});
