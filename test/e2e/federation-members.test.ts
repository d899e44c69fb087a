import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

/**
 * The whole of a federation on real machines: three clusters in two regions, names that lead to the nearest one that is well, a zone without pods, a
 * cluster without power, a federation without power. It is what `scripts/demo federation` shows, which stops at whatever is not so: `npm run test:federation`.
 */
const DEMO = new URL('../../scripts/demo', import.meta.url).pathname;
const TIMES_IN_MS = { lost: 10_000, records: 2_000, client: 22_000 };
/** The demonstration looks a few times a second, by a command each time. */
const SEEN_WITHIN_MS = 2_000;
const MOST_MEBIBYTES = 12 * 1024;

test.runIf(process.env.HAUP_TEST_FEDERATION === '1')(
  'three clusters of a federation, of which one is lost and comes back',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'haup-federation-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const file = join(folder, 'figures');
    const child = spawn(DEMO, ['federation'], {
      stdio: 'inherit',
      env: { ...process.env, HAUP_DEMO_FIGURES: file },
    });
    expect(await once(child, 'exit')).toEqual([0, null]);
    const lines = (await readFile(file, 'utf8')).trim().split('\n');
    const figures = Object.fromEntries(lines.map((line) => line.split(' ')));
    for (const [name, most] of Object.entries(TIMES_IN_MS))
      expect(Number(figures[name]), name).toBeLessThan(most + SEEN_WITHIN_MS);
    expect(Number(figures.memory)).toBeLessThan(MOST_MEBIBYTES);
  },
  1_800_000,
);
