import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface Program {
  readonly child: ChildProcess;
  /** The next line that it prints. */
  line(): Promise<string>;
  say(order: string): void;
  /** kill -9, and wait until it is gone. */
  kill(): Promise<void>;
}

/** Starts one of the programs in this folder as a process of its own and waits for its `ready`. */
export async function start(name: string, args: readonly string[]): Promise<Program> {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', fileURLToPath(new URL(name, import.meta.url)), ...args],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const program: Program = {
    child,
    async line() {
      const next = await lines.next();
      if (next.done) throw new Error(`${name} has ended`);
      return next.value;
    },
    say: (order) => void child.stdin!.write(`${order}\n`),
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
  await program.line();
  return program;
}
