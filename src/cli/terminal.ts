import { homedir } from 'node:os';
import { createInterface } from 'node:readline/promises';
import type { WriteStream } from 'node:tty';
import { systemClock } from '../util/clock.ts';
import { UsageError } from './errors.ts';
import type { Screen, World } from './world.ts';

/** The real world: this process's streams, its environment, the clock, and the engine, loaded when it is needed. */
export function realWorld(): World {
  return {
    env: process.env,
    home: homedir(),
    out: screen(process.stdout),
    err: screen(process.stderr),
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
  };
}

/** A reader that has gone (`haup status | head -1`) is no error: what is left to say is dropped, the work goes on. */
function screen(stream: WriteStream): Screen {
  let gone = false;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
    gone = true;
  });
  const dumb = process.env.TERM === 'dumb';
  return {
    write(text) {
      if (!gone) stream.write(text);
    },
    get gone() {
      return gone;
    },
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

async function ask(question: string, signal: AbortSignal): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT')); // readline takes Ctrl-C; the rest of us wants it too
  const ended = new Promise<never>((_, reject) => {
    lines.on('close', () => reject(new UsageError('no answer')));
  });
  try {
    return await Promise.race([lines.question(question, { signal }), ended]);
  } finally {
    lines.close();
  }
}
