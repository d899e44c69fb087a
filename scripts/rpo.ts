/**
 * `npm run test:rpo -- [RUNS] [SEED] [REPLICAS]`: what is lost with all masters, and what backups cost. A cluster with 100 MB in etcd is
 * backed up every 15 s under 50 writes a second; at a seeded moment all its masters are lost, and it is rescued. Each run must lose at most
 * 20 s of acknowledged writes. Prints the tables for docs/backup.md. Needs root; a run takes some two minutes on a quiet machine.
 */

import './bench/home.ts';

import build from '../test/e2e/support/build.ts';
import { seeded } from '../test/support/seeded.ts';
import { loseAll, rescued, startBackedUp } from './bench/backed-up.ts';
import { costOf, costTable } from './bench/backup-cost.ts';
import { duration, table } from './bench/figures.ts';
import { load } from './bench/machine.ts';
import { startNumbered } from './bench/numbered.ts';

const CLUSTER = 'rpo';
const EVERY_S = 15;
const MOST_LOST_MS = 20_000;
/** The load runs for so long before the cords are pulled, and up to a whole interval longer. */
const BEFORE_MS = 30_000;

const [runs = 20, seed = 1, replicas = 3] = process.argv.slice(2).map(Number);
const say = (text: string): void => void process.stderr.write(`rpo: ${text}\n`);
const random = seeded(seed);

if (!process.env.HAUP_MAIN) build();
const fillBytes = Number(process.env.RPO_FILL_BYTES ?? 100e6);
say(`masters: ${replicas}, with ${fillBytes / 1e6} MB in etcd`);
const backedUp = await startBackedUp({
  cluster: CLUSTER,
  replicas,
  every: `${EVERY_S}s`,
  fillBytes,
});
let failures = 0;
try {
  say('what backups cost');
  const cost = await costOf(CLUSTER, backedUp, { everySeconds: EVERY_S });
  const rows: string[][] = [];
  for (let run = 1; run <= runs; run++) {
    const numbered = await startNumbered(backedUp.api, `rpo-${run}`);
    const after = BEFORE_MS + random() * EVERY_S * 1000;
    await new Promise((resolve) => setTimeout(resolve, after));
    await loseAll(CLUSTER);
    const acknowledged = await numbered.stop();
    const { firstAnswer, ended } = await rescued(backedUp);
    const kept = await numbered.kept();
    // Up to the last that was acknowledged: cords are not pulled in no time, and until then a backup may still be taken.
    const missing = acknowledged.filter(({ name }) => !kept.has(name));
    const last = Math.max(...acknowledged.map(({ ended: at }) => at));
    const lost = missing.length === 0 ? 0 : last - Math.min(...missing.map(({ ended: at }) => at));
    if (lost > MOST_LOST_MS) failures++;
    rows.push([
      `${run}`,
      duration(after),
      `${missing.length} of ${acknowledged.length}`,
      duration(lost),
      duration(firstAnswer),
      duration(ended),
    ]);
    say(`run ${run} of ${runs}: ${rows.at(-1)!.slice(2).join(', ')}; load ${load()}`);
  }
  const head = [
    'run',
    'lost after',
    'acknowledged writes lost',
    'of the last',
    'API answers after',
    'rescued after',
  ];
  process.stdout.write(
    `${table([head, ...rows])}\n\n${costTable(cost)}\n\nSeed ${seed}. Load average ${load()} at the end.\n`,
  );
  process.stdout.write(
    `${rows.length - failures} of ${rows.length} runs lost at most 20 s of acknowledged writes.\n`,
  );
} finally {
  await backedUp.close();
}
process.exitCode = failures > 0 ? 1 : 0;
