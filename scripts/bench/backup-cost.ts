import type { Backup } from '../../src/backup/list.ts';
import { backupPaths } from '../../src/replicas/backup/paths.ts';
import { status } from '../../test/e2e/support/haup.ts';
import { onMachine } from '../../test/e2e/support/inside.ts';
import type { BackedUp } from './backed-up.ts';
import { duration, table } from './figures.ts';
import { startNumbered } from './numbered.ts';
import { TICKS } from './run.ts';

const LOOK_MS = Number(process.env.RPO_LOOK_MS ?? 60_000);

/** What backups cost while they are taken, under fifty writes a second. */
export interface Cost {
  /** Of write latency, ms. */
  readonly withBackups: Latency;
  readonly without: Latency;
  /** Of one core, on all masters together: 0.1 is a tenth. */
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
  const spent = async (): Promise<number> => total(await everywhere(SPENT));
  const before = await spent();
  const without = await latencyOf(backedUp, 'without-backups');
  const otherwise = (await spent()) - before;
  await everywhere(`systemctl start ${backupPaths.timer}`);
  await backedUp.haup('backup', 'create');
  const [size, backups, started] = [backedUp.stored(), await count(), await spent()];
  const withBackups = await latencyOf(backedUp, 'with-backups');
  const seconds = (await spent()) - started - otherwise;
  const taken = Math.max(1, (await count()) - backups);
  return {
    without,
    withBackups,
    cpuShare: Math.max(0, seconds) / (taken * everySeconds),
    bytes: (backedUp.stored() - size) / taken,
  };
}

/** What the machine's ended processes have taken, in ticks: user and system time of the children of the first one (proc(5)). */
const SPENT = "cut -d' ' -f16,17 /proc/1/stat";

const total = (texts: readonly string[]): number =>
  texts.flatMap((text) => text.trim().split(/\s+/).map(Number)).reduce((sum, ticks) => sum + ticks, 0) /
  TICKS;

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
    ['processor time of backups, on all masters', '', `${(cpuShare * 100).toFixed(1)} % of a core`],
    ['sent for a backup', '', `${(bytes / 1e6).toFixed(2)} MB`],
  ]);
}
