import type { Command } from './command.ts';

/**
 * The command that the words begin with, one word or, in a namespace, two: `store move`. `rest` is what follows; undefined
 * where there is none.
 */
export function commandAt(
  words: readonly string[],
  commands: readonly Command[],
): { readonly command: Command; readonly rest: string[] } | undefined {
  for (const length of [2, 1]) {
    const name = words.slice(0, length).join(' ');
    const command = words.length >= length ? commands.find((one) => one.name === name) : undefined;
    if (command) return { command, rest: words.slice(length) };
  }
  return undefined;
}

/** The commands of a namespace, in order; empty when it is none. */
export function inNamespace(name: string, commands: readonly Command[]): Command[] {
  return commands.filter((command) => command.name.startsWith(`${name} `));
}
