import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';

/** What the figures were taken on, in one line. */
export function describeMachine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const system = /^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'Linux';
  const memory = (totalmem() / 2 ** 30).toFixed(0);
  return `${cpus().length} × ${model}, ${memory} GiB memory, ${system}, Linux ${release()}, Node ${process.version}`;
}

/** What else ran on the machine spoils the figures: the load of the last minute. */
export function load(): string {
  return loadavg()[0]!.toFixed(1);
}
