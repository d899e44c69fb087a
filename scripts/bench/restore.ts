import { loseAll, rescued, startBackedUp } from './backed-up.ts';
import { duration, table } from './figures.ts';
import { load } from './machine.ts';

const CLUSTER = 'bench-restore';

/**
 * A cluster of one with so much in etcd is lost with its only master, and is rescued from its backup.
 * @returns the table of how long that takes.
 */
export async function restoreTable(sizes: readonly number[], say: (text: string) => void): Promise<string> {
  const rows: string[][] = [];
  for (const size of sizes) {
    say(`a cluster with ${size / 1e6} MB in etcd`);
    const backedUp = await startBackedUp({ cluster: CLUSTER, replicas: 1, every: '24h', fillBytes: size });
    try {
      const began = performance.now();
      await backedUp.haup('backup', 'create');
      const taken = performance.now() - began;
      await loseAll(CLUSTER);
      const { firstAnswer, ended } = await rescued(backedUp);
      rows.push([`${size / 1e6} MB`, ...[taken, firstAnswer, ended].map(duration)]);
      say(`${rows.at(-1)!.join(', ')}; load ${load()}`);
    } finally {
      await backedUp.close();
    }
  }
  return table([
    ['in etcd', 'a backup takes', 'rescued: the API answers after', 'the command has ended after'],
    ...rows,
  ]);
}
