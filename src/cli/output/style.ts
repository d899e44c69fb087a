import type { Screen } from '../surroundings.ts';

/** Marks text up for a terminal; on anything else each function gives its text back as it is. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  bad(text: string): string;
  warn(text: string): string;
}

export function style(screen: Pick<Screen, 'colour'>): Style {
  const mark = (on: number, off: number) => (text: string) =>
    screen.colour && text !== '' ? `${ESC}[${on}m${text}${ESC}[${off}m` : text;
  return { bold: mark(1, 22), dim: mark(2, 22), good: mark(32, 39), bad: mark(31, 39), warn: mark(33, 39) };
}

const ESC = '\u001b';
/** One of the marks above. */
const MARK = new RegExp(`(${ESC}\\[[0-9;]*m)`);

/** How many columns the text takes on a terminal. */
export function width(text: string): number {
  const letters = text.split(MARK).filter((part) => !part.startsWith(ESC));
  return [...letters.join('')].length;
}

/** At most `columns` wide: the rest becomes "…"; marks stay whole and are ended. */
export function truncate(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  let left = Math.max(0, columns - 1);
  let cut = '';
  for (const part of text.split(MARK)) {
    if (part.startsWith(ESC)) {
      cut += part;
      continue;
    }
    const letters = [...part];
    cut += letters.slice(0, left).join('');
    if (letters.length > left) break;
    left -= letters.length;
  }
  return cut.includes(ESC) ? `${cut}…${ESC}[0m` : `${cut}…`;
}

/** Whole words on lines of at most `columns`; a longer word is left for {@link truncate}. The text has no marks. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && width(`${last} ${word}`) <= columns)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

export function pad(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - width(text)));
}
