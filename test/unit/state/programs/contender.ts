/**
 * Told `take` on standard input it tries the lock once and says `won`, or `busy` and by whom; told `drop` it releases.
 * Usage: contender.ts STORE-URL CLUSTER DOING
 */
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { BusyError } from '../../../../src/state/errors.ts';
import type { Lock } from '../../../../src/state/lock.ts';
import { openStore } from '../../../../src/state/open.ts';

const [url = '', cluster = '', doing = ''] = process.argv.slice(2);
const store = openStore(url, z.unknown());
let lock: Lock | null = null;
console.log('ready');
for await (const order of createInterface({ input: process.stdin })) {
  if (order === 'take') {
    try {
      lock = await store.lock(cluster, { doing });
      console.log('won');
    } catch (error) {
      if (!(error instanceof BusyError)) throw error;
      console.log(`busy ${error.holder?.pid}`);
    }
  } else {
    await lock?.release();
    lock = null;
    console.log('dropped');
  }
}
