import { constants, open } from 'node:fs/promises';
import { Failure } from '../failure.ts';
import { closing } from '../files.ts';
import { readText } from '../text/bounded.ts';

/** Much more than any key. */
const KEY_BYTES = 64 * 1024;

/** A key that others could read. */
export class ExposedKeyError extends Failure {
  override readonly name = 'ExposedKeyError';
  readonly failure = 'input';
}

/**
 * The text of a file with a key, read as ssh reads its own: not where others can read it. A pipe (`<(pass show haup)`) is nobody's to
 * read a second time.
 * @throws ExposedKeyError; the system's error, or that it is too long
 */
export async function readKeyFile(path: string): Promise<string> {
  const file = await open(path, constants.O_RDONLY);
  return await closing(file, async () => {
    const { mode } = await file.stat();
    const isFile = (mode & constants.S_IFMT) === constants.S_IFREG;
    // Whose it is does not matter: behind sudo it is the operator's own.
    if (isFile && (mode & 0o077) !== 0) {
      throw new ExposedKeyError(
        `the key in ${path} is not used: the file is not its owner's alone (mode ${(mode & 0o7777).toString(8).padStart(4, '0')})`,
        { advice: 'chmod 600 it; whoever has read it may have the keys of the clusters' },
      );
    }
    return await readText(file.createReadStream({ autoClose: false }), KEY_BYTES);
  });
}

/** The age identity in a key file, as `age-keygen` writes it, comments and all; undefined: there is none. */
export function ageIdentityIn(text: string): string | undefined {
  return /^AGE-SECRET-KEY-1\S+$/m.exec(text)?.[0];
}
