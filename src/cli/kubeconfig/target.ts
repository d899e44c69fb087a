import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { hasCode, osError } from '../../util/host/os-error.ts';
import { UsageError } from '../errors.ts';

export interface Target {
  /** The file to write to; it need not be there. */
  readonly file: string;
  /** The other files that kubectl reads with it: a name that one of them has is taken. */
  readonly others: readonly string[];
}

/**
 * As kubectl chooses: the first file of $KUBECONFIG that exists, else its last, else ~/.kube/config.
 * @throws UsageError when that is no file; OsError.
 */
export async function targetFile(variable: string | undefined, home: string): Promise<Target> {
  const listed = (variable ?? '').split(delimiter).filter((file) => file !== '');
  const files = listed.length > 0 ? listed : [join(home, '.kube', 'config')];
  const source = listed.length > 0 ? 'KUBECONFIG names ' : '';
  const kinds = await Promise.all(files.map(kindOf));
  const first = kinds.findIndex((kind) => kind !== 'nothing');
  const index = first === -1 ? files.length - 1 : first;
  const [file, kind] = [files[index]!, kinds[index]!];
  if (kind !== 'file' && kind !== 'nothing')
    throw new UsageError(
      `${source}${file}, which is ${kind}: name a file, for nothing can be merged into that`,
    );
  return { file, others: files.filter((_, at) => at !== index && kinds[at] === 'file') };
}

async function kindOf(file: string): Promise<string> {
  const entry = await stat(file).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return null;
    throw osError(`look at ${file}`, error);
  });
  return entry === null ? 'nothing' : describe(entry);
}

function describe(entry: Stats): string {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'a folder';
  if (entry.isFIFO()) return 'a pipe';
  if (entry.isSocket()) return 'a socket';
  return 'a device';
}
