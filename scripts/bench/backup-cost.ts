import type { Backup } from '../../src/backup/list.ts';
import { backupPaths } from '../../src/replicas/backup/paths.ts';
import { status } from '../../test/e2e/support/haup.ts';
import { onMachine } from '../../test/e2e/support/inside.ts';
import type { BackedUp } from './backed-up.ts';
import { duration, table } from './figures.ts';
import { startNumbered } from './numbered.ts';

const LOOK_MS = 60_000;

/** What backups cost while they are taken, under fifty writes a second. */
export interface Cost {
  /** Of write latency, ms. */
  readonly withBackups: Latency;
  readonly without: Latency;
  /** Of one core, on the master that takes them: 0.1 is a tenth. */
  readonly cpuShare: number;
  /** That the bucket grew by, for one backup. */
  readonly bytes: number;
}

interface Latency {
  readonly median: number;
  readonly p99: number;
}

export async function costOf(
  cluster: string,
  backedUp: BackedUp,
  { everySeconds }: { readonly everySeconds: number },
): Promise<Cost> {
  const names = (await status(cluster)).replicas.map(({ name }) => name);
  const everywhere = (script: string) =>
    Promise.all(names.map(async (name) => (await onMachine(cluster, name, script)).stdout));
  const count = async (): Promise<number> =>
    (JSON.parse(await backedUp.haup('backup', 'list', '-o', 'json')) as Backup[]).length;
  await everywhere(`systemctl stop ${backupPaths.timer}`);
  const without = await latencyOf(backedUp, 'without-backups');
  await everywhere(`systemctl start ${backupPaths.timer}`);
  await backedUp.haup('backup', 'create');
  const [size, backups, spent] = [backedUp.stored(), await count(), await everywhere(CONSUMED)];
  const withBackups = await latencyOf(backedUp, 'with-backups');
  const taken = Math.max(1, (await count()) - backups);
  const seconds = total(await everywhere(CONSUMED)) - total(spent);
  return {
    without,
    withBackups,
    cpuShare: seconds / (taken * everySeconds),
    bytes: (backedUp.stored() - size) / taken,
  };
}

/** systemd says at each end what the unit took: "Consumed 1min 2.345s CPU time". */
const CONSUMED = `journalctl -q -o cat --no-pager -u ${backupPaths.service} | sed -n 's/.*Consumed \\(.*\\) CPU time.*/\\1/p'`;

function total(texts: readonly string[]): number {
  const inSeconds: Readonly<Record<string, number>> = { h: 3600, min: 60, s: 1, ms: 0.001, us: 1e-6 };
  return [...texts.join('\n').matchAll(/([\d.]+)(h|min|ms|us|s)\b/g)].reduce(
    (sum, [, figure, unit]) => sum + Number(figure) * inSeconds[unit!]!,
    0,
  );
}

async function latencyOf({ api }: BackedUp, namespace: string): Promise<Latency> {
  const numbered = await startNumbered(api, namespace);
  await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  const times = (await numbered.stop()).map(({ took }) => took).sort((a, b) => a - b);
  const at = (part: number): number =>
    times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? 0;
  return { median: at(0.5), p99: at(0.99) };
}

export function costTable({ withBackups, without, cpuShare, bytes }: Cost): string {
  return table([
    ['a backup every 15 s, 50 writes a second', 'without backups', 'with'],
    ['a write takes, median', duration(without.median), duration(withBackups.median)],
    ['a write takes, p99', duration(without.p99), duration(withBackups.p99)],
    ['processor time on the master that takes them', '', `${(cpuShare * 100).toFixed(1)} % of a core`],
    ['sent for a backup', '', `${(bytes / 1e6).toFixed(2)} MB`],
  ]);
}
