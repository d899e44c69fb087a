/** Makes, saves and removes a cluster for ever, under its lock: to be killed at any moment. Usage: churner.ts STORE-URL CLUSTER */
import { z } from 'zod';
import { openStore } from '../../../../src/state/open.ts';

const [url = '', cluster = ''] = process.argv.slice(2);
const store = openStore(url, z.strictObject({ filling: z.string() }));
for (let round = 0; ; round += 1) {
  const lock = await store.lock(cluster, { doing: 'churn' });
  if ((await store.read(cluster)) === null)
    await store.create(cluster, { filling: 'new' }, { key: 'secret' });
  for (let save = 0; save < 3; save += 1) {
    const { revision } = (await store.read(cluster))!;
    await store.save(cluster, { filling: 'x'.repeat(20_000 + save) }, revision);
    await store.secrets(cluster).put('key', 'y'.repeat(20_000));
  }
  await store.remove(cluster);
  await lock.release();
  if (round === 0) console.log('ready');
}
