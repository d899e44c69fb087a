/** `1 voter`, `3 voters`. */
export function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/** A figure as people say it: `2`, `2.5`, `0.04`. */
export function figure(value: number): string {
  return String(Number(value.toPrecision(value < 10 ? 2 : 3)));
}
