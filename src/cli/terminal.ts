import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { WriteStream } from 'node:tty';
import { systemClock } from '../util/clock.ts';
import { homeFolder } from '../util/host/home.ts';
import { systemWords } from '../util/host/os-error.ts';
import { UsageError } from './errors.ts';
import { screenText } from './output/safe.ts';
import type { Screen, Surroundings } from './surroundings.ts';

/** The world of this process. */
export interface ProcessSurroundings extends Surroundings {
  /** Why something that was said could not be written, as a sentence; null: it could, or nobody was there to read it. */
  lostOutput(): string | null;
}

/** The real world: this process's streams, its environment, the clock, and the engine, loaded when it is needed. */
export function realWorld(): ProcessSurroundings {
  const out = screen(process.stdout, 'standard output');
  const err = screen(process.stderr, 'standard error');
  return {
    env: process.env,
    home: homeFolder(process.env),
    out,
    err,
    interactive: process.stdin.isTTY === true && process.stderr.isTTY === true,
    ask,
    now: () => Date.now(),
    sleep: (ms, signal) => systemClock.sleep(ms, signal),
    every(ms, tick) {
      const timer = setInterval(tick, ms);
      timer.unref();
      return () => clearInterval(timer);
    },
    async openEngine(options) {
      const { openEngine } = await import('../app/compose.ts');
      return openEngine(options);
    },
    crashed: uncaught(),
    lostOutput: () => out.lost() ?? err.lost(),
  };
}

/** Also for rejections that nobody handles: Node makes exceptions of them. */
function uncaught(): Promise<never> {
  const crashed = new Promise<never>((_, reject) => {
    process.on('uncaughtException', reject);
  });
  crashed.catch(() => {}); // whoever runs the command hears of it; before and after, main does
  return crashed;
}

interface Written extends Screen {
  lost(): string | null;
}

/**
 * What cannot be written is dropped, and the work goes on. A reader that has gone (`haup status | head -1`) is no error; a full
 * disk is one in the end.
 */
function screen(stream: WriteStream, name: string): Written {
  const { fd } = stream as unknown as { readonly fd: number };
  // Node's stream for a file takes a write that the disk had only half of room for to be a whole one.
  const isFile = !((stream as unknown) instanceof Socket);
  let gone = false;
  let lost: string | null = null;
  const failed = (error: NodeJS.ErrnoException) => {
    gone = true;
    if (error.code === 'EPIPE' || error.code === 'EIO') return;
    lost ??= `${name} could not be written: ${systemWords(error)}`;
  };
  stream.on('error', failed);
  const dumb = process.env.TERM === 'dumb';
  const put = (text: string) => {
    if (gone) return;
    if (isFile) attempt(() => writeAll(fd, text), failed);
    else stream.write(text);
  };
  return {
    write: (text) => put(screenText(text)),
    draw: put,
    get gone() {
      return gone;
    },
    lost: () => lost,
    isTTY: stream.isTTY === true && !dumb,
    get columns() {
      return stream.columns || 80;
    },
    get rows() {
      return stream.rows || 24;
    },
    colour: stream.isTTY === true && !dumb && !process.env.NO_COLOR,
    onResize(listener) {
      stream.on('resize', listener);
      return () => stream.off('resize', listener);
    },
  };
}

function writeAll(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written);
}

function attempt(work: () => void, failed: (error: NodeJS.ErrnoException) => void): void {
  try {
    work();
  } catch (error) {
    failed(error as NodeJS.ErrnoException);
  }
}

async function ask(question: string, signal: AbortSignal): Promise<string> {
  const { createInterface } = await import('node:readline/promises');
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT')); // readline takes Ctrl-C; the rest of us wants it too
  const ended = new Promise<never>((_, reject) => {
    lines.on('close', () => reject(new UsageError('no answer')));
  });
  try {
    return await Promise.race([lines.question(screenText(question), { signal }), ended]);
  } finally {
    lines.close();
  }
}
