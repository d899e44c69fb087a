import { readFile } from 'node:fs/promises';
import { type Document, isMap, isScalar, LineCounter, type Node, parseDocument } from 'yaml';
import { z } from 'zod';
import { BOOLEANS } from '../../util/text/boolean.ts';
import { nearest } from '../../util/text/nearest.ts';
import { unlessAborted } from '../../util/unless-aborted.ts';
import { UsageError } from '../errors.ts';
import type { Flag } from '../flag.ts';
import type { Setting } from './resolve.ts';

const shapes = {
  text: { schema: z.string(), words: 'text' },
  number: { schema: z.number(), words: 'a number' },
  // YAML 1.2 reads yes, on and 1 as texts and a number: which of them are booleans is decided where all booleans are.
  boolean: { schema: z.union([z.boolean(), z.string(), z.number()]), words: BOOLEANS },
  list: { schema: z.union([z.string(), z.array(z.string()).min(1)]), words: 'a list of texts' },
} as const;

/**
 * Reads the configuration file: a YAML map from flag names to values. Flags of other commands are let through, so that
 * one file serves them all. The signal ends the wait for a file that is a pipe.
 * @throws UsageError with the file's name and, where there is one, the line.
 */
export async function readConfig(
  path: string,
  flags: readonly Flag<unknown>[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Setting>> {
  const lines = new LineCounter();
  const document = parseDocument(await read(path, signal), { lineCounter: lines, prettyErrors: false });
  const at = (offset: number | undefined) => `${path}:${lines.linePos(offset ?? 0).line}`;
  const [broken] = [...document.errors, ...document.warnings]; // a warning: a tag that nothing gives a meaning to
  if (broken) {
    const several = broken.code === 'MULTIPLE_DOCS';
    const why = several ? 'several documents in one file' : `not YAML: ${oneLine(broken.message)}`;
    throw new UsageError(`${at(broken.pos[0])}: ${why}`);
  }
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
      text: textOf(flag, plain(value, document, valueLine), valueLine),
      label: `${valueLine}: ${name}`,
    });
  }
  return settings;
}

/** A pipe (`--config <(…)`) may keep us waiting for its other end: the signal ends that. */
async function read(path: string, signal: AbortSignal): Promise<string> {
  try {
    return await unlessAborted(signal, () => readFile(path, 'utf8'));
  } catch (error) {
    if (signal.aborted) throw error;
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

/** @throws UsageError for an alias of nothing, or of too much. */
function plain(value: Node | null, document: Document.Parsed, line: string): unknown {
  try {
    return value?.toJS(document);
  } catch (error) {
    throw new UsageError(`${line}: not YAML: ${oneLine((error as Error).message)}`);
  }
}

function textOf(flag: Flag<unknown>, value: unknown, line: string): string {
  const { schema, words } = shapes[flag.shape];
  const checked = schema.safeParse(value);
  if (checked.success && checked.data !== '') return String(checked.data);
  const shown = oneLine(JSON.stringify(value ?? null));
  const hint =
    flag.shape === 'text' && ['number', 'boolean'].includes(typeof value) ? ': put it in quotes' : '';
  throw new UsageError(`${line}: ${flag.name} must be ${words}, not ${shown}${hint}`);
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').slice(0, 120);
}
