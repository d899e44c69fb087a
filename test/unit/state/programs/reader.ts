/** Prints, as JSON, how each use of a store that this user may not read is refused. Usage: reader.ts STORE-URL */
import { z } from 'zod';
import { StoreError } from '../../../../src/state/errors.ts';
import { openStore } from '../../../../src/state/open.ts';

const store = openStore(process.argv[2] ?? '', z.unknown());
const attempts = [
  () => store.list(),
  () => store.read('demo'),
  () => store.create('other', {}),
  () => store.lock('demo', { doing: 'x' }),
];
const errors: unknown[] = [];
for (const attempt of attempts) {
  try {
    errors.push(await attempt());
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    errors.push({ kind: error.kind, message: error.message, advice: error.advice });
  }
}
console.log(JSON.stringify(errors));
