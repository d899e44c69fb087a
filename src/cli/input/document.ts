import { readFile } from 'node:fs/promises';
import { type Document, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, visit } from 'yaml';
import type { Fault } from '../../cluster/model/errors.ts';
import { CLUSTER_NAME } from '../../cluster/model/names.ts';
import { UsageError } from '../errors.ts';

/** A document of the desired state, with its lines: what is wrong with it is said where it stands. */
export interface ReadDocument {
  readonly value: unknown;
  /** The cluster that it is about, if it says so. @throws UsageError when that is no cluster's name. */
  cluster(): string | undefined;
  /** `demo.yaml:12: extraArguments.apiServer.v: …`, a line each, from the top. */
  say(faults: readonly Fault[]): UsageError;
}

/** @param path `-`: standard input. @throws UsageError with each line that is no YAML. */
export async function readDocumentFile(path: string): Promise<ReadDocument> {
  const lines = new LineCounter();
  const document = parseDocument(await text(path), { lineCounter: lines, prettyErrors: false });
  const name = path === '-' ? 'standard input' : path;
  const at = (offset: number) => lines.linePos(offset).line;
  const broken = [...document.errors, ...document.warnings, ...aliasesOfNothing(document)];
  if (broken.length > 0) {
    const said = broken.map(({ pos, message }) => `${name}:${at(pos[0])}: not YAML: ${oneLine(message)}`);
    throw new UsageError(said.join('\n'));
  }
  const value = contentOf(document, name);
  const say = (faults: readonly Fault[]): UsageError => {
    const placed = faults.map((fault) => ({ ...fault, line: at(offsetOf(document, fault.path)) }));
    placed.sort((a, b) => a.line - b.line);
    const said = placed.map(
      ({ path: where, message, line }) =>
        `${name}:${line}: ${where.length > 0 ? `${where.join('.')}: ` : ''}${message}`,
    );
    return new UsageError(said.join('\n'));
  };
  return {
    value,
    say,
    cluster() {
      const { cluster } = (value ?? {}) as { readonly cluster?: unknown };
      if (typeof cluster !== 'string') return undefined;
      if (CLUSTER_NAME.test(cluster)) return cluster;
      throw say([{ path: ['cluster'], message: `${JSON.stringify(cluster)} is no cluster's name` }]);
    },
  };
}

/** The parser takes them: `no: [*.example.com]`, which lacks its quotes, is one. */
function aliasesOfNothing(document: Document.Parsed): { pos: readonly [number]; message: string }[] {
  const found: { pos: readonly [number]; message: string }[] = [];
  visit(document, {
    Alias(_, alias) {
      if (alias.resolve(document)) return;
      const message = `*${alias.source} stands for nothing: a text that begins with * needs quotes`;
      found.push({ pos: [alias.range?.[0] ?? 0], message });
    },
  });
  return found;
}

/** @throws UsageError for aliases of aliases that would become endlessly much. */
function contentOf(document: Document.Parsed, name: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    throw new UsageError(`${name}: not YAML: ${oneLine((error as Error).message)}`);
  }
}

/** Where the last part of the path stands that is there. */
function offsetOf(document: Document.Parsed, path: Fault['path']): number {
  let node: Node | null = document.contents;
  let offset = node?.range?.[0] ?? 0;
  for (const part of path) {
    if (isMap<Node, Node | null>(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
      if (!pair) return offset;
      offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq<Node>(node) && typeof part === 'number' && node.items[part]) {
      node = node.items[part];
      offset = node.range?.[0] ?? offset;
    } else return offset;
  }
  return offset;
}

async function text(path: string): Promise<string> {
  try {
    return await readFile(path === '-' ? '/dev/stdin' : path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : code;
    throw new UsageError(`cannot read the document ${path}: ${why}`);
  }
}

function oneLine(words: string): string {
  return words.replace(/\s+/g, ' ').slice(0, 120);
}
