import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The file of a document for `haup apply -f`. */
export async function documentFile(document: object): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), 'haup-document-')), 'cluster.json');
  await writeFile(file, JSON.stringify(document));
  return file;
}
