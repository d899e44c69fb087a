import { parse } from 'yaml';
import { z } from 'zod';
import { UsageError } from '../errors.ts';
import { type Entries, entriesOf } from './document.ts';
import { putEntries } from './edit.ts';
import { readOther, rewrite } from './file.ts';
import { type Addition, chooseName, oursAmong, renamed } from './ours.ts';
import type { Target } from './target.ts';

export interface Merged {
  readonly context: string;
  /** The name that was wanted, if something that haup did not write has it. */
  readonly taken: string | null;
}

/**
 * Puts the cluster, user and context of `addition`, a kubeconfig of haup's, into the file and makes the context the current
 * one. What haup did not write stays as it is, byte for byte; if it has the name that is wanted, another is taken. The file
 * is readable by its owner alone afterwards.
 * @throws UsageError, OsError: nothing was changed.
 */
export async function mergeInto({ file, others }: Target, addition: string): Promise<Merged> {
  const beside = await Promise.all(others.map(readOther));
  const read = beside.flatMap((text, index) => (text === null ? [] : [entriesOf(text, others[index]!)]));
  let merged: Merged | undefined;
  await rewrite(file, (before) => {
    const result = mergeKubeconfig(before, addition, file, read);
    merged = { context: result.context, taken: result.taken };
    return result.text;
  });
  return merged!;
}

/** The merged text. Pure. `file` names it in errors; `others` is what kubectl reads together with it. */
export function mergeKubeconfig(
  existing: string,
  addition: string,
  file: string,
  others: readonly Entries[] = [],
): Merged & { readonly text: string } {
  const wanted = additionOf(addition);
  const entries = entriesOf(existing, file);
  const name = chooseName(entries, others, wanted);
  const added = renamed(wanted, name);
  const text = putEntries(existing, file, added, oursAmong(entries, wanted));
  return { text, context: name, taken: name === wanted.contexts.name ? null : wanted.contexts.name };
}

const entry = z.looseObject({ name: z.string() });
const additionSchema = z.looseObject({
  clusters: z.tuple([entry]),
  users: z.tuple([entry]),
  contexts: z.tuple([entry]),
});

function additionOf(text: string): Addition {
  const { clusters, users, contexts } = additionSchema.parse(parse(text));
  if (new Set([clusters[0].name, users[0].name, contexts[0].name]).size !== 1)
    throw new UsageError('the three entries of a cluster have one name');
  return { clusters: clusters[0], users: users[0], contexts: contexts[0] };
}
