import type { Screen } from '../../surroundings.ts';
import { screenText } from '../safe.ts';
import { width } from '../style.ts';

/** Keeps a block of lines at the end of a terminal and changes it in place. */
export interface Painter {
  /** Lines must be narrower than the terminal and fewer than its rows. */
  paint(lines: readonly string[]): void;
  /** Removes the block and leaves these lines for good. */
  leave(lines: readonly string[]): void;
}

const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
const CLEAR_BELOW = '\x1b[J';
const CLEAR_LINE = '\x1b[K';

/** Each frame is one write that overwrites the last one line by line: nothing is blank in between. */
export function painter(screen: Screen): Painter {
  let shown: readonly string[] = [];
  /** After a resize the terminal has wrapped the old lines anew: they take more rows than they are. */
  const back = () => {
    const rows = shown.reduce((sum, line) => sum + Math.max(1, Math.ceil(width(line) / screen.columns)), 0);
    const rewrapped = rows !== shown.length ? CLEAR_BELOW : '';
    return rows === 0 ? '' : `\x1b[${rows}A\r${rewrapped}`;
  };
  return {
    paint(lines) {
      if (lines.length === 0 && shown.length === 0) return;
      screen.draw(
        `${HIDE_CURSOR}${back()}${lines.map((line) => `${screenText(line)}${CLEAR_LINE}\n`).join('')}${CLEAR_BELOW}`,
      );
      shown = lines;
    },
    leave(lines) {
      if (lines.length === 0 && shown.length === 0) return;
      screen.draw(
        `${back()}${CLEAR_BELOW}${lines.map((line) => `${screenText(line)}\n`).join('')}${SHOW_CURSOR}`,
      );
      shown = [];
    },
  };
}
