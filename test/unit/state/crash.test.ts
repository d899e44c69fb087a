import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { z } from 'zod';
import { openStore } from '../../../src/state/open.ts';
import { storeUrl } from '../../../src/state/url.ts';
import { type Program, start } from './programs/start.ts';

const schema = z.strictObject({ filling: z.string() });
let home: string;
let program: Program | undefined;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'haup-crash-test-'));
});
afterEach(async () => {
  await program?.kill();
  rmSync(home, { recursive: true, force: true });
});

it('after a kill -9 at any moment a cluster is whole or not there, and the next holder finds nothing left over', async () => {
  const store = openStore(storeUrl(home), schema);
  for (let round = 0; round < 8; round += 1) {
    program = await start('churner.ts', [storeUrl(home), 'demo']);
    await delay(Math.random() * 60); // any moment will do: what is asserted holds at all of them
    await program.kill();

    const before = await store.read('demo');
    const lock = await store.lock('demo', { doing: 'look' });
    expect(await store.read('demo')).toEqual(before);
    const expected =
      before === null ? ['.demo.lock'] : ['.demo.lock', 'demo', 'demo/cluster.json', 'demo/secrets'];
    const found = readdirSync(join(home, 'clusters'), { recursive: true }).map(String);
    // the lock of a save that was killed is taken over by the next save
    expect(found.filter((name) => !/(secrets\/key|\.save\.lock)$/.test(name)).sort()).toEqual(expected);
    if (before !== null) {
      expect((await store.secrets('demo').get('key'))?.length).toBeGreaterThan(0);
      await store.save('demo', { filling: 'after' }, before.revision);
      expect(readdirSync(join(home, 'clusters', 'demo')).sort()).toEqual(['cluster.json', 'secrets']);
    }
    await lock.release();
  }
}, 60_000);

it('what other clusters are being made is left alone', async () => {
  const store = openStore(storeUrl(home), schema);
  const clusters = join(home, 'clusters');
  const names = [
    '.new.demo-2.0123456789ab',
    '.new.demo.0123456789ab',
    '.removed.demo-2.0123456789ab',
    '.demo-2.lock',
  ];
  mkdirSync(clusters);
  for (const name of names.slice(0, 3)) mkdirSync(join(clusters, name));
  writeFileSync(join(clusters, names[3]!), '');
  const lock = await store.lock('demo', { doing: 'look' });
  expect(readdirSync(clusters).sort()).toEqual(['.demo-2.lock', '.demo.lock', '.new.demo-2.0123456789ab']);
  await lock.release();
});
