import { readFile } from 'node:fs/promises';
import { isMap, isScalar, LineCounter, type Node, parseDocument } from 'yaml';
import { z } from 'zod';
import { nearest } from '../../util/nearest.ts';
import { UsageError } from '../errors.ts';
import type { Flag } from '../flags.ts';
import type { Setting } from './resolve.ts';

const shapes = {
  text: { schema: z.string(), words: 'text' },
  number: { schema: z.number(), words: 'a number' },
  boolean: { schema: z.boolean(), words: 'true or false' },
  list: { schema: z.union([z.string(), z.array(z.string()).min(1)]), words: 'a list of texts' },
} as const;

/**
 * Reads the configuration file: a YAML map from flag names to values. Flags of other commands are let through, so that
 * one file serves them all.
 * @throws UsageError with the file's name and, where there is one, the line.
 */
export async function readConfig(
  path: string,
  flags: readonly Flag<unknown>[],
): Promise<ReadonlyMap<string, Setting>> {
  const lines = new LineCounter();
  const document = parseDocument(await read(path), { lineCounter: lines, prettyErrors: false });
  const at = (offset: number | undefined) => `${path}:${lines.linePos(offset ?? 0).line}`;
  const [broken] = document.errors;
  if (broken) throw new UsageError(`${at(broken.pos[0])}: not YAML: ${oneLine(broken.message)}`);
  const root = document.contents;
  const settings = new Map<string, Setting>();
  if (root === null) return settings;
  if (!isMap<Node, Node | null>(root)) {
    throw new UsageError(
      `${at(root.range?.[0])}: must be a map from flag names to values, such as "cluster: demo"`,
    );
  }
  for (const { key, value } of root.items) {
    const name = isScalar(key) ? String(key.value) : '?';
    const line = at(key.range?.[0]);
    const flag = flags.find((one) => one.name === name && one.name !== 'config');
    if (!flag) throw new UsageError(`${line}: ${unknownKey(name, flags)}`);
    const valueLine = at(value?.range?.[0] ?? key.range?.[0]);
    settings.set(name, {
      text: textOf(flag, value?.toJS(document), valueLine),
      label: `${valueLine}: ${name}`,
    });
  }
  return settings;
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : code;
    throw new UsageError(`cannot read the configuration file ${path}: ${why}`);
  }
}

function unknownKey(name: string, flags: readonly Flag<unknown>[]): string {
  const near = nearest(
    name,
    flags.map((flag) => flag.name),
  );
  return `unknown setting ${JSON.stringify(name)}${near ? `; did you mean ${near}?` : '; settings are named as flags are'}`;
}

function textOf(flag: Flag<unknown>, value: unknown, line: string): string {
  const { schema, words } = shapes[flag.shape];
  const checked = schema.safeParse(value);
  if (checked.success && checked.data !== '') return String(checked.data);
  throw new UsageError(
    `${line}: ${flag.name} must be ${words}, not ${oneLine(JSON.stringify(value ?? null))}`,
  );
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').slice(0, 120);
}
