import { isDeepStrictEqual } from 'node:util';
import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  type Node,
  parseDocument,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { yamlText } from '../../util/text/yaml.ts';
import { UsageError } from '../errors.ts';
import { BODY, bodyOf, contentOf, type Entry, SECTIONS, type Section } from './document.ts';
import type { Addition } from './ours.ts';

type Ours = (section: Section, entry: Entry) => boolean;

/**
 * The text with the addition's entries in place of those of ours that have its name, or after the others, and its context the
 * current one. Everything else stays byte for byte: the new text is put in between. Only where the file is written in
 * a way that this cannot follow is it written anew from the library's model of it, which keeps comments and order.
 * Either way what came out is read again, and must be what was there with our entries changed and nothing else.
 * @throws UsageError
 */
export function putEntries(text: string, file: string, addition: Addition, ours: Ours): string {
  const expected = expectedValue(contentOf(text, file), addition, ours);
  for (const edit of [splice, remodel]) {
    const edited = attempt(() => edit(text, addition, ours));
    if (edited === null) continue;
    const value = attempt(() => contentOf(edited, file));
    if (isDeepStrictEqual(value, expected)) return edited;
  }
  throw new UsageError(
    `${file} is written in a way that nothing can be added to without touching the rest; it was left as it is`,
  );
}

function attempt<T>(work: () => T): T | null {
  try {
    return work();
  } catch {
    return null;
  }
}

function expectedValue(before: unknown, addition: Addition, ours: Ours): Record<string, unknown> {
  const value: Record<string, unknown> = { ...((before ?? EMPTY) as Record<string, unknown>) };
  for (const section of SECTIONS) {
    const items = (value[section] ?? []) as Entry[];
    const mine = (item: Entry): boolean => item.name === addition[section].name && ours(section, item);
    value[section] = items.some(mine)
      ? items.map((item) => (mine(item) ? renew(section, item, addition[section]) : item))
      : [...items, addition[section]];
  }
  value['current-context'] = addition.contexts.name;
  return value;
}

const EMPTY = { apiVersion: 'v1', kind: 'Config' };

/** Our entry, with what its user has set in it (a proxy, a namespace) where that says nothing of who one is or whom one trusts. */
function renew(section: Section, before: Entry, after: Entry): Entry {
  const [was, is] = [bodyOf(section, before), bodyOf(section, after)];
  const extensions = [
    ...(Array.isArray(was.extensions) ? was.extensions : []).filter(
      (one: unknown) => !marks(is).has((one as { name?: unknown } | null)?.name),
    ),
    ...(Array.isArray(is.extensions) ? is.extensions : []),
  ];
  const kept = section === 'users' ? {} : { ...was };
  delete kept['certificate-authority'];
  delete kept['insecure-skip-tls-verify'];
  const body = { ...kept, ...is, ...(extensions.length > 0 ? { extensions } : {}) };
  return { ...before, name: after.name, [BODY[section]]: body };
}

function marks(body: Readonly<Record<string, unknown>>): Set<unknown> {
  return new Set(
    (Array.isArray(body.extensions) ? body.extensions : []).map((one: { name?: unknown }) => one.name),
  );
}

interface Splice {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** Null when the text is written in a way that is not known here. */
function splice(text: string, addition: Addition, ours: Ours): string | null {
  const document = parseDocument(text, { logLevel: 'error' });
  const root = document.contents;
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  if (root === null) {
    const start = text === '' || text.endsWith('\n') ? text : `${text}${eol}`;
    return start + yamlText(expectedValue(null, addition, ours)).replaceAll('\n', eol);
  }
  if (!isMap(root)) return null;
  const splices: Splice[] = [];
  const missing: [string, unknown][] = [];
  for (const section of SECTIONS) {
    const value = valueNode(root, section);
    if (value === undefined) missing.push([section, [addition[section]]]);
    else if (!spliceSection(text, root, section, value, addition, ours, splices)) return null;
  }
  const name = addition.contexts.name;
  const current = valueNode(root, 'current-context');
  if (current === undefined) missing.push(['current-context', name]);
  else if (!isScalar(current) || !current.range) return null;
  else if (current.value !== name) {
    const [from, to] = current.range;
    const written = root.flow ? JSON.stringify(name) : yamlText(name).trimEnd();
    splices.push({ from, to, text: /[\s{[,]/.test(text[from - 1] ?? '') ? written : ` ${written}` });
  }
  if (missing.length > 0) splices.push(missingPairs(text, root, missing));
  return apply(text, splices, eol);
}

/** The node of a key's value: undefined where there is no such key, or nothing after it that could be spliced. */
function valueNode(map: YAMLMap, key: string): Node | null | undefined {
  const pair = map.items.find((item) => isScalar(item.key) && item.key.value === key);
  return pair === undefined ? undefined : (pair.value as Node | null);
}

function spliceSection(
  text: string,
  root: YAMLMap,
  section: Section,
  value: Node | null,
  addition: Addition,
  ours: Ours,
  splices: Splice[],
): boolean {
  const added = addition[section];
  const nothing = value !== null && isScalar(value) && value.value === null;
  const empty = nothing || (isSeq(value) && value.items.length === 0);
  if (!value?.range || value.anchor || value.tag) return false;
  if (empty) {
    const [from, to] = value.range;
    if (root.flow) splices.push({ from, to, text: `[${JSON.stringify(added)}]` });
    else {
      const alone = /^[ \t]*(\r?\n|$)/.test(text.slice(to, to + 80));
      splices.push({ from: alone ? text.slice(0, from).trimEnd().length : from, to, text: '' });
      splices.push(atLineEnd(text, to, `${blockItem(added, `${columnPad(text, root)}  `)}`));
    }
    return true;
  }
  if (!isSeq(value)) return false;
  const items = value.toJSON() as Entry[];
  const mine = items.flatMap((item, index) =>
    item.name === added.name && ours(section, item) ? [index] : [],
  );
  for (const index of mine) {
    const renewed = renew(section, items[index]!, added);
    if (isDeepStrictEqual(renewed, items[index])) continue;
    const node = value.items[index] as Node;
    if (!isMap(node) || !node.range || node.anchor) return false;
    const from = node.range[0];
    const pad = ' '.repeat(from - lineStart(text, from));
    const written = node.flow
      ? JSON.stringify(renewed)
      : yamlText(renewed).trimEnd().replaceAll('\n', `\n${pad}`);
    splices.push({ from, to: lastEnd(text, node), text: written });
  }
  if (mine.length === 0) splices.push(afterLast(text, value, added));
  return true;
}

function afterLast(text: string, sequence: YAMLSeq, added: Entry): Splice {
  if (sequence.flow) {
    const end = (sequence.items.at(-1) as Node).range![1];
    return { from: end, to: end, text: `, ${JSON.stringify(added)}` };
  }
  const [start, end] = sequence.range!;
  const pad = ' '.repeat(start - lineStart(text, start));
  const item = blockItem(added, pad);
  return text[end - 1] === '\n' ? { from: end, to: end, text: item } : atLineEnd(text, end, item);
}

/** At the end of a map: a key of ours that it lacks. */
function missingPairs(text: string, root: YAMLMap, pairs: readonly [string, unknown][]): Splice {
  if (root.flow) {
    const last = root.items.at(-1);
    const end = last ? lastEnd(text, (last.value ?? last.key) as Node) : root.range![0] + 1;
    const written = pairs
      .map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`)
      .join(', ');
    return { from: end, to: end, text: `${last ? ', ' : ''}${written}` };
  }
  const pad = columnPad(text, root);
  const written = pairs.map(([key, value]) => yamlText({ [key]: value })).join('');
  const lines = written.replace(/^(?=.)/gm, pad);
  const end = text.length;
  return { from: end, to: end, text: text.endsWith('\n') ? lines : `\n${lines}` };
}

function blockItem(entry: Entry, pad: string): string {
  return `${pad}- ${yamlText(entry).trimEnd().replaceAll('\n', `\n${pad}  `)}\n`;
}

function columnPad(text: string, map: YAMLMap): string {
  const start = map.range![0];
  return ' '.repeat(start - lineStart(text, start));
}

/** Whole lines, after the line that `position` is in. */
function atLineEnd(text: string, position: number, lines: string): Splice {
  const newline = text.indexOf('\n', position);
  if (newline === -1) return { from: text.length, to: text.length, text: `\n${lines}` };
  return { from: newline + 1, to: newline + 1, text: lines };
}

function lineStart(text: string, position: number): number {
  return text.lastIndexOf('\n', position - 1) + 1;
}

/** Where what is written of a node ends, without comments and empty lines after it. */
function lastEnd(text: string, node: Node): number {
  if (isMap(node) && !node.flow && node.items.length > 0) {
    const { key, value } = node.items.at(-1)!;
    return Math.max(lastEnd(text, key as Node), value ? lastEnd(text, value as Node) : 0);
  }
  if (isSeq(node) && !node.flow && node.items.length > 0) return lastEnd(text, node.items.at(-1) as Node);
  let end = node.range![1];
  while (end > node.range![0] && /\s/.test(text[end - 1]!)) end -= 1;
  return end;
}

function apply(text: string, splices: readonly Splice[], eol: string): string {
  let result = text;
  // From the end to the start, so that positions stay true; of two at one place the later one is put in first.
  const ordered = splices
    .map((one, order) => ({ ...one, order }))
    .sort((a, b) => b.from - a.from || b.order - a.order);
  for (const { from, to, text: put } of ordered) {
    result = result.slice(0, from) + (eol === '\n' ? put : put.replaceAll('\n', eol)) + result.slice(to);
  }
  return result;
}

/** By way of the library's model of the document. */
function remodel(text: string, addition: Addition, ours: Ours): string {
  const document = parseDocument(text, { logLevel: 'error' });
  for (const section of SECTIONS) {
    const sequence = sequenceOf(document, section);
    const items = sequence.toJSON() as Entry[];
    const mine = items.flatMap((item, index) =>
      item.name === addition[section].name && ours(section, item) ? [index] : [],
    );
    for (const index of mine)
      sequence.items[index] = document.createNode(
        renew(section, items[index]!, addition[section]),
        NO_ALIASES,
      );
    if (mine.length === 0) sequence.add(document.createNode(addition[section], NO_ALIASES));
  }
  document.set('current-context', addition.contexts.name);
  return document.toString({ lineWidth: 0 });
}

const NO_ALIASES = { aliasDuplicateObjects: false };

function sequenceOf(document: Document, section: Section): YAMLSeq {
  const there = document.get(section);
  if (isSeq(there)) return there;
  const made = document.createNode([]);
  document.set(section, made);
  return made as YAMLSeq;
}
