import { Parser } from 'yargs/helpers';
import { nearest } from '../../util/text/nearest.ts';
import type { Command } from '../command.ts';
import { UsageError } from '../errors.ts';
import { commandAt, inNamespace } from '../find-command.ts';
import type { Flag } from '../flag.ts';

/** The command line, taken apart; nothing is checked yet but that every flag exists and has the value it needs. */
export interface Arguments {
  readonly command: Command;
  readonly operands: readonly string[];
  /** What followed `--`. */
  readonly rest: readonly string[];
  /** By flag name, as typed; lists hold one text for each time the flag was given. */
  readonly flags: ReadonlyMap<string, string>;
}

/** @throws UsageError for what is unknown, incomplete or given twice, with the nearest name. */
export function readArguments(argv: readonly string[], commands: readonly Command[]): Arguments {
  const every = new Map<string, Flag<unknown>>();
  for (const command of commands) {
    for (const flag of Object.values(command.flags)) every.set(flag.name, flag);
  }
  const flagsOfAll = [...every.values()];
  const { _: words, '--': rest = [], ...given } = parse(withPlainSwitches(argv, flagsOfAll), flagsOfAll);
  const { command, rest: operands } = findCommand(words.map(String), commands);
  const own = new Map(Object.values(command.flags).map((flag) => [flag.name, flag]));
  const flags = new Map<string, string>();
  for (const [key, value] of Object.entries(given)) {
    const flag = own.get(key);
    if (!flag) throw unknownFlag(key, command, [...own.keys()], commands);
    flags.set(key, textOf(flag, value));
  }
  checkOperands(command, operands, rest.map(String));
  return { command, operands, rest: rest.map(String), flags };
}

interface Parsed {
  _: (string | number)[];
  '--'?: (string | number)[];
  [flag: string]: unknown;
}

function parse(argv: readonly string[], flags: readonly Flag<unknown>[]): Parsed {
  const parsed = Parser([...argv], {
    string: ['_', ...flags.filter((flag) => flag.value !== null).map((flag) => flag.name)],
    boolean: flags.filter((flag) => flag.value === null).map((flag) => flag.name),
    alias: Object.fromEntries(flags.flatMap((flag) => (flag.short ? [[flag.name, [flag.short]]] : []))),
    configuration: {
      'camel-case-expansion': false,
      'dot-notation': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'populate--': true,
      'strip-aliased': true,
    },
  });
  return parsed as Parsed;
}

/** The parser takes `--dry-run=yes` for false: a switch's value is read here, as everywhere, and handed on as it knows it. */
function withPlainSwitches(argv: readonly string[], flags: readonly Flag<unknown>[]): string[] {
  const end = argv.indexOf('--');
  return argv.map((word, index) => {
    const [, typed = '', value = ''] = /^(--?[^=]+)=(.*)$/s.exec(word) ?? [];
    const flag = flags.find((one) => typed === `--${one.name}` || typed === `-${one.short}`);
    if (flag?.value !== null || (end >= 0 && index > end)) return word;
    try {
      return `--${flag.name}=${String(flag.parse(value))}`;
    } catch (error) {
      throw error instanceof UsageError ? new UsageError(`${typed} ${error.message}`) : error;
    }
  });
}

function findCommand(
  words: readonly string[],
  commands: readonly Command[],
): { readonly command: Command; readonly rest: string[] } {
  const found = commandAt(words, commands);
  if (found) return found;
  const [name, next] = words;
  if (name === undefined) throw new UsageError('which command? (haup --help lists them)');
  const inside = inNamespace(name, commands).map((command) => command.name);
  if (inside.length > 0) {
    const shown = inside.map((one) => `haup ${one}`).join(', ');
    throw new UsageError(
      next === undefined
        ? `haup ${name} is no command by itself: ${shown}`
        : `there is no command ${JSON.stringify(`${name} ${next}`)}: ${shown}`,
    );
  }
  const near = nearest(name, [...new Set(commands.map((command) => command.name.split(' ')[0]!))]);
  const hint = near ? `did you mean haup ${near}?` : 'haup --help lists them';
  throw new UsageError(`there is no command ${JSON.stringify(name)}; ${hint}`);
}

function unknownFlag(
  key: string,
  command: Command,
  own: readonly string[],
  commands: readonly Command[],
): UsageError {
  const shown = key.length === 1 ? `-${key}` : `--${key}`;
  const elsewhere = commands.filter((other) => Object.values(other.flags).some((flag) => flag.name === key));
  if (elsewhere.length > 0) {
    const names = elsewhere.map((other) => `haup ${other.name}`).join(', ');
    return new UsageError(`haup ${command.name} has no flag ${shown}; it belongs to ${names}`);
  }
  const near = nearest(key, [...own, 'help']);
  const hint = near ? `did you mean --${near}?` : `haup ${command.name} --help lists its flags`;
  return new UsageError(`unknown flag ${shown}; ${hint}`);
}

function textOf(flag: Flag<unknown>, value: unknown): string {
  if (flag.value === null) return String(value); // of several, the last
  const all = Array.isArray(value) ? value : [value];
  if (all.some((one) => typeof one !== 'string'))
    throw new UsageError(`--no-${flag.name}: --${flag.name} is no switch`);
  if (all.includes('')) throw new UsageError(`--${flag.name} needs a value: --${flag.name} ${flag.value}`);
  if (all.length > 1 && flag.shape !== 'list') {
    throw new UsageError(`--${flag.name} is given twice: ${all.join(' and ')}`);
  }
  return all.join(',');
}

function checkOperands(command: Command, operands: readonly string[], rest: readonly string[]): void {
  const usage =
    `haup ${command.name} ${command.operands.map(({ name, many }) => (many ? `${name}…` : name)).join(' ')}`.trim();
  const missing = command.operands[operands.length];
  if (missing?.needed) throw new UsageError(`${missing.name} is missing: ${usage}`);
  const most = command.operands.some((operand) => operand.many)
    ? Number.POSITIVE_INFINITY
    : command.operands.length;
  if (operands.length > most) {
    const hint = command.rest ? `; a command for the replica comes after --` : '';
    throw new UsageError(`unexpected ${JSON.stringify(operands[most])} after ${usage}${hint}`);
  }
  for (const [index, given] of operands.entries()) {
    const operand = command.operands[index] ?? command.operands.at(-1)!;
    try {
      operand.parse(given);
    } catch (error) {
      throw error instanceof UsageError ? new UsageError(`${operand.name} ${error.message}`) : error;
    }
  }
  if (rest.length > 0 && !command.rest)
    throw new UsageError(`unexpected ${JSON.stringify(rest[0])} after --`);
}
