import { constants } from 'node:fs';
import { access, chown, mkdir, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { Document, isMap, isSeq, parseDocument, type YAMLSeq } from 'yaml';
import { z } from 'zod';
import { systemClock } from '../../util/clock.ts';
import { waitFor } from '../../util/wait.ts';
import { UsageError } from '../errors.ts';

const named = z.looseObject({ name: z.string() });
const kubeconfigSchema = z.looseObject({
  clusters: z.array(named),
  users: z.array(named),
  contexts: z.array(named),
  'current-context': z.string(),
});

/** As kubectl chooses: the first file of $KUBECONFIG that exists, else its last, else ~/.kube/config. */
export async function targetFile(variable: string | undefined, home: string): Promise<string> {
  const files = (variable ?? '').split(delimiter).filter((file) => file !== '');
  for (const file of files) {
    if (await exists(file)) return file;
  }
  return files.at(-1) ?? join(home, '.kube', 'config');
}

/**
 * Puts the clusters, users and contexts of `addition` into the file and makes its context the current one. Everything
 * else in the file stays, comments included. The file is replaced at once, readable by its owner alone; kubectl's own
 * lock file is held meanwhile. Returns the current context.
 * @throws UsageError when the file is no kubeconfig, or stays locked.
 */
export async function mergeInto(file: string, addition: string): Promise<string> {
  const target = await realpath(file).catch(() => file); // a link stays a link
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  const unlock = await lock(`${target}.lock`);
  try {
    const before = await readFile(target, 'utf8').catch(absent);
    const { text, context } = mergeKubeconfig(before ?? '', addition, file);
    await replace(target, text);
    return context;
  } finally {
    await unlock();
  }
}

/** The merged text. Pure. `file` names it in errors. */
export function mergeKubeconfig(
  existing: string,
  addition: string,
  file: string,
): { readonly text: string; readonly context: string } {
  const added = kubeconfigSchema.parse(parseDocument(addition).toJS());
  const document = parseDocument(existing);
  if (document.errors[0])
    throw new UsageError(`${file} is not YAML, and was left as it is: ${document.errors[0].message}`);
  const merged = document.contents === null ? new Document({ apiVersion: 'v1', kind: 'Config' }) : document;
  if (!isMap(merged.contents) || (merged.get('kind') ?? 'Config') !== 'Config') {
    throw new UsageError(`${file} is no kubeconfig, and was left as it is`);
  }
  for (const section of ['clusters', 'users', 'contexts'] as const) {
    const items = sequence(merged, section, file);
    for (const entry of added[section]) {
      const at = items.items.findIndex((item) => isMap(item) && item.get('name') === entry.name);
      if (at >= 0) items.set(at, merged.createNode(entry));
      else items.add(merged.createNode(entry));
    }
  }
  merged.set('current-context', added['current-context']);
  return { text: merged.toString({ lineWidth: 0 }), context: added['current-context'] };
}

function sequence(document: Document, section: string, file: string): YAMLSeq {
  const there = document.get(section);
  if (isSeq(there)) {
    there.flow = false;
    return there;
  }
  if (there !== undefined && there !== null)
    throw new UsageError(`${file}: ${section} is no list; it was left as it is`);
  const made = document.createNode([]);
  made.flow = false;
  document.set(section, made);
  return made as YAMLSeq;
}

/** kubectl holds FILE.lock while it writes. */
async function lock(path: string): Promise<() => Promise<void>> {
  const handle = await waitFor(
    async () => {
      try {
        return await open(path, 'wx', 0o600);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
        throw error;
      }
    },
    { what: path, timeoutMs: 5_000, clock: systemClock },
  ).catch((error: Error) => {
    throw new UsageError(`${error.message}; remove the lock if nothing holds it`);
  });
  await handle.close();
  return () => rm(path, { force: true });
}

async function replace(target: string, text: string): Promise<void> {
  const draft = `${target}.haup-${process.pid}`;
  const owner = await stat(target).catch(absent);
  try {
    const handle = await open(draft, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (owner && process.getuid?.() === 0) await chown(draft, owner.uid, owner.gid);
    await rename(draft, target);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

async function exists(file: string): Promise<boolean> {
  return access(file, constants.F_OK).then(
    () => true,
    () => false,
  );
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined;
  throw error;
}
