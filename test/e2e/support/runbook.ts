import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { E2E_HOME } from './haup.ts';

export interface Block {
  /** The heading above it, without its dashes. */
  readonly heading: string;
  readonly script: string;
}

const FOLDER = new URL('../../../docs/runbooks', import.meta.url).pathname;
const MAIN = new URL('../../../dist/cli/main.js', import.meta.url).pathname;

/** The `sh` blocks of a runbook, in order, as they are written. Blocks of other kinds are examples. */
export function blocksOf(runbook: string): Block[] {
  const blocks: Block[] = [];
  let heading = '';
  let lines: string[] | null = null;
  let isShell = false;
  for (const line of readFileSync(join(FOLDER, runbook), 'utf8').split('\n')) {
    if (lines && line === '```') {
      if (isShell) blocks.push({ heading, script: `${lines.join('\n')}\n` });
      lines = null;
    } else if (lines) {
      lines.push(line);
    } else if (line.startsWith('```')) {
      lines = [];
      isShell = line === '```sh';
    } else if (/^##? /.test(line)) {
      heading = line.replace(/^#+ /, '');
    }
  }
  return blocks;
}

export interface Ran {
  readonly code: number;
  readonly output: string;
}

/** One shell, as an operator has it open: what a block sets, the next one knows. */
export class OperatorShell {
  readonly #folder = mkdtempSync(join(tmpdir(), 'haup-runbook-'));
  readonly #child: ChildProcess;
  #output = '';
  #blocks = 0;
  #heard: () => void = () => {};

  constructor(variables: Readonly<Record<string, string>>) {
    const bin = join(this.#folder, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'haup'), `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`);
    chmodSync(join(bin, 'haup'), 0o755);
    const { PATH = '', HAUP_CACHE } = process.env;
    const env = {
      PATH: `${bin}:${PATH}`,
      HOME: join(E2E_HOME, 'home'),
      HAUP_HOME: E2E_HOME,
      ...(HAUP_CACHE ? { HAUP_CACHE } : {}),
      ...variables,
    };
    this.#child = spawn('bash', ['--norc'], { cwd: this.#folder, env, stdio: ['pipe', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
        this.#heard();
      });
    }
  }

  /** Runs a block as it is. */
  run(script: string): Promise<Ran> {
    const file = join(this.#folder, `block-${++this.#blocks}.sh`);
    writeFileSync(file, script);
    const end = new RegExp(`--end of block ${this.#blocks}: (\\d+)--\\n`);
    this.#output = '';
    this.#child.stdin!.write(
      `. '${file}' </dev/null; code=$?; sleep 0.05; echo "--end of block ${this.#blocks}: $code--"\n`,
    );
    return new Promise((resolve, reject) => {
      this.#child.once('close', () => reject(new Error(`the shell has ended:\n${this.#output}`)));
      this.#heard = () => {
        const found = end.exec(this.#output);
        if (found) resolve({ code: Number(found[1]), output: this.#output.replace(end, '') });
      };
    });
  }

  close(): void {
    this.#child.removeAllListeners('close');
    this.#child.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
