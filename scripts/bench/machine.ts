import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';

/** What the figures were taken on, in one line. */
export function describeMachine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const system = /^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'Linux';
  const memory = (totalmem() / 2 ** 30).toFixed(0);
  return `${cpus().length} × ${model}, ${memory} GiB memory, ${system}, Linux ${release()}, Node ${process.version}`;
}

const QUIET_MS = 500;

/** Waits for half a second in which the processors are mostly idle, but not for ever: others' work only ever adds time. */
export async function quiet(patienceMs = 15_000): Promise<void> {
  const deadline = performance.now() + patienceMs;
  do {
    const before = processorTimes();
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    const after = processorTimes();
    if ((after.idle - before.idle) / (after.all - before.all) > 0.7) return;
  } while (performance.now() < deadline);
}

function processorTimes(): { idle: number; all: number } {
  const times = cpus().map((cpu) => cpu.times);
  const idle = times.reduce((sum, each) => sum + each.idle, 0);
  const all = times.reduce((sum, each) => sum + each.user + each.nice + each.sys + each.idle + each.irq, 0);
  return { idle, all };
}

/** What else ran on the machine spoils the figures: the load of the last minute. */
export function load(): string {
  return loadavg()[0]!.toFixed(1);
}
