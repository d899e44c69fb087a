import { readFileSync } from 'node:fs';
import { type Ended, events, startHaup } from '../../test/e2e/support/haup.ts';

/** One run of haup, as the bench sees it. */
export interface Run {
  readonly ms: number;
  /** Largest resident size of haup's own process, bytes (VmHWM). */
  readonly peakBytes: number;
  /** Processor time, as it was just before its end: of haup's own process, and of the programs that it ran. */
  readonly cpu: Cpu;
  /** Steps that were finished, and commands over SSH. */
  readonly cost: { readonly steps: number; readonly commands: number };
  readonly ended: Ended;
}

interface Cpu {
  readonly ownSeconds: number;
  readonly programsSeconds: number;
}

const LOOK_MS = 50;
/** Of /proc/PID/stat, on Linux everywhere (proc(5): sysconf(_SC_CLK_TCK)). */
export const TICKS = 100;

/** Runs haup, which must succeed, and looks at its memory and its time all the while: the kernel forgets them with the process. */
export async function run(args: readonly string[], env: Record<string, string> = {}): Promise<Run> {
  const began = performance.now();
  const { child, ended } = startHaup([...args, '--log-format', 'json'], { env });
  let peakBytes = 0;
  let cpu: Cpu = { ownSeconds: 0, programsSeconds: 0 };
  const look = (): void => {
    peakBytes = Math.max(peakBytes, peakOf(child.pid!));
    cpu = cpuOf(child.pid!) ?? cpu;
  };
  const timer = setInterval(look, LOOK_MS);
  const result = await ended.finally(() => clearInterval(timer));
  const ms = performance.now() - began;
  if (result.code !== 0)
    throw new Error(`haup ${args.join(' ')} ended with ${result.code}:\n${result.stderr}`);
  const cost = events(result).findLast((event) => event.type === 'cost') as unknown as Run['cost'];
  return { ms, peakBytes, cpu, cost: { steps: cost.steps, commands: cost.commands }, ended: result };
}

function peakOf(pid: number): number {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kilobytes ?? 0) * 1024;
  } catch {
    return 0; // it has just ended
  }
}

function cpuOf(pid: number): Cpu | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // After the program's name, which may hold anything: utime, stime, cutime and cstime are the fields 14 to 17.
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [user = 0, system = 0, programsUser = 0, programsSystem = 0] = fields.slice(11, 15);
    return { ownSeconds: (user + system) / TICKS, programsSeconds: (programsUser + programsSystem) / TICKS };
  } catch {
    return null; // it has just ended
  }
}
