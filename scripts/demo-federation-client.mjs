// A client of a federation's name, as the documents want clients to be: it asks again once an answer's time to live is over, and not before.
// Prints on SIGTERM how many requests were answered and for how long none was at worst. `demo-federation-client.mjs DNS-SERVER NAME`
import { Resolver } from 'node:dns/promises';
import { setTimeout as pause } from 'node:timers/promises';

const [server, name] = process.argv.slice(2);
const resolver = new Resolver({ timeout: 2000, tries: 1 });
resolver.setServers([server]);
let known = { addresses: [], until: 0 };
let answered = 0;
let failed = 0;
let longest = 0;
let last = performance.now();
let ended = false;
process.once('SIGTERM', () => {
  ended = true;
});

async function addresses() {
  if (performance.now() < known.until) return known.addresses;
  const records = await resolver.resolve4(name, { ttl: true });
  const ttl = Math.min(...records.map((record) => record.ttl));
  known = { addresses: records.map(({ address }) => address), until: performance.now() + ttl * 1000 };
  return known.addresses;
}

while (!ended) {
  try {
    const [address] = await addresses();
    const answer = await fetch(`http://${address}/`, {
      signal: AbortSignal.timeout(1000),
      headers: { connection: 'close' },
    });
    await answer.text();
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
    answered += 1;
  } catch {
    failed += 1;
  }
  await pause(100);
}
longest = Math.max(longest, performance.now() - last);
console.log(
  `   the client of ${name}: ${answered} answers, ${failed} requests without one, at worst none for ${(longest / 1000).toFixed(1)} s`,
);
