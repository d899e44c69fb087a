import { parseDocument } from 'yaml';
import { z } from 'zod';
import { UsageError } from '../errors.ts';

export const SECTIONS = ['clusters', 'users', 'contexts'] as const;
export type Section = (typeof SECTIONS)[number];
/** The key of an entry's contents, beside its name. */
export const BODY = { clusters: 'cluster', users: 'user', contexts: 'context' } as const;

const entry = z.looseObject({ name: z.string() });
const section = z.array(entry).nullish();
const schema = z.looseObject({
  kind: z.string().nullish(),
  clusters: section,
  users: section,
  contexts: section,
});

export type Entry = z.infer<typeof entry>;
export type Entries = Readonly<Record<Section, readonly Entry[]>>;

const NO_ENTRIES: Entries = { clusters: [], users: [], contexts: [] };

/**
 * What is in a kubeconfig's text, as kubectl reads it. `file` names it in errors.
 * @throws UsageError
 */
export function entriesOf(text: string, file: string): Entries {
  const value = contentOf(text, file);
  if (value === null || value === undefined) return NO_ENTRIES;
  const parsed = schema.safeParse(value);
  if (!parsed.success || (parsed.data.kind ?? 'Config') !== 'Config') {
    const at = parsed.error?.issues[0]?.path.join('.');
    throw new UsageError(`${file} is no kubeconfig${at ? ` (see ${at})` : ''}, and was left as it is`);
  }
  const { clusters, users, contexts } = parsed.data;
  return { clusters: clusters ?? [], users: users ?? [], contexts: contexts ?? [] };
}

/** The text's value; merge keys (`<<`) are followed, as kubectl does. @throws UsageError */
export function contentOf(text: string, file: string): unknown {
  try {
    const document = parseDocument(text, { merge: true, logLevel: 'error' });
    if (document.errors[0]) throw document.errors[0];
    return document.toJS() as unknown;
  } catch (error) {
    const [first] = (error as Error).message.split('\n');
    throw new UsageError(`${file} is not YAML, and was left as it is: ${first?.replace(/:$/, '')}`);
  }
}

/** An entry's contents: `{ server, … }`. */
export function bodyOf(section: Section, item: Entry): Readonly<Record<string, unknown>> {
  const body = item[BODY[section]];
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
}
