import { packageVersion } from '../../util/package-root.ts';
import { nearest } from '../../util/text/nearest.ts';
import type { Command } from '../command.ts';
import { commands } from '../commands/index.ts';
import { commandAt, inNamespace } from '../find-command.ts';
import type { Flag } from '../flag.ts';
import { common } from '../flags.ts';

/** Answers `haup --help`, `haup help COMMAND` and `haup COMMAND --help`. Returns the exit code. */
export function help(words: readonly string[], out: Writable, err: Writable): number {
  const named = words.filter((word) => !word.startsWith('-') && word !== 'help');
  const [name] = named;
  const command = commandAt(named, commands)?.command;
  const inside = name === undefined || command ? [] : inNamespace(name, commands);
  if (inside.length > 0) {
    out.write(`${columns(inside.map((one) => [signature(one), one.summary]))}\n`);
    return 0;
  }
  if (name !== undefined && !command) {
    const near = nearest(
      name,
      commands.map((one) => one.name.split(' ')[0]!),
    );
    err.write(
      `haup: there is no command ${JSON.stringify(name)}${near ? `; did you mean haup ${near}?` : ''}\n`,
    );
    return 2;
  }
  out.write(command ? commandHelp(command) : generalHelp());
  return 0;
}

interface Writable {
  write(text: string): unknown;
}

function generalHelp(): string {
  const names = commands.map((command) => [signature(command), command.summary] as const);
  return `haup: highly available Kubernetes masters, on cloud VMs and on one Linux machine

Usage: haup COMMAND [flags]

${columns(names)}

haup COMMAND --help says more of each. haup --version says which haup this is.
Any flag can be set by a variable (--kubernetes-version: HAUP_KUBERNETES_VERSION) or in the YAML file that --config
names: a flag beats a variable, a variable beats the file. kube-up's variables are understood too: docs/cli.md.
`;
}

function commandHelp(command: Command): string {
  const shared = new Set(Object.values(common).map((flag) => flag.name));
  const [everyone, own] = partition(Object.values(command.flags), (flag) => shared.has(flag.name));
  const operands = [...command.operands, ...(command.rest ? [command.rest] : [])];
  return [
    `haup ${command.name}: ${command.summary}`,
    `Usage: haup ${signature(command)}${own.length > 0 ? ' [flags]' : ''}`,
    command.details ?? '',
    columns(operands.map((operand) => [operand.name, operand.help])),
    columns(own.map(flagLine)),
    `${own.length > 0 ? 'Flags of every command:\n' : ''}${columns(everyone.map(flagLine))}`,
    `Examples:\n${command.examples.map((example) => `  ${example}`).join('\n')}\n`,
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

export function version(): string {
  return `haup ${packageVersion()}\n`;
}

function signature(command: Command): string {
  const operands = command.operands.map(({ name, needed, many }) => {
    const text = many ? `${name}…` : name;
    return needed ? text : `[${text}]`;
  });
  return [command.name, ...operands, ...(command.rest ? [`[-- ${command.rest.name}]`] : [])].join(' ');
}

function flagLine(flag: Flag<unknown>): readonly [string, string] {
  const short = flag.short ? `-${flag.short}, ` : '    ';
  const left = `${short}--${flag.name}${flag.value === null ? '' : ` ${flag.value}`}`;
  const fallback =
    flag.defaultText ?? (typeof flag.fallback === 'boolean' ? flag.fallback && 'true' : flag.fallback);
  const variables = (flag.variables ?? []).map((variable) => `$${variable.name}`).join(', ');
  const notes = [fallback ? `default: ${fallback}` : '', variables].filter(Boolean).join('; ');
  return [left, `${flag.help}${notes ? ` (${notes})` : ''}`];
}

function columns(rows: readonly (readonly [string, string])[]): string {
  const widest = Math.max(0, ...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(widest)}  ${right}`).join('\n');
}

function partition<T>(items: readonly T[], test: (item: T) => boolean): [T[], T[]] {
  return [items.filter(test), items.filter((item) => !test(item))];
}
