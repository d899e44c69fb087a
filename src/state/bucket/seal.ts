import type { Decrypter, Encrypter } from 'age-encryption';
import { ageIdentityIn, ExposedKeyError, readKeyFile } from '../../util/host/key-file.ts';
import { StoreError } from '../errors.ts';

/** Closes and opens texts for whoever has the operator's key. */
export interface Seal {
  /** The text as an armoured age file: https://age-encryption.org/v1. */
  close(text: string): Promise<string>;
  /** @throws StoreError `sealed` when it was closed for another key. */
  open(sealed: string): Promise<string>;
}

/**
 * The seal of a key file: an age identity (`AGE-SECRET-KEY-1…`, as `age-keygen` writes it, comments and all), or else its
 * first line as a passphrase. The file is read when it is first needed.
 * @param path of a file that its owner alone can read.
 */
export function sealOf(path: string): Seal {
  let keys: Promise<{ encrypter: Encrypter; decrypter: Decrypter }> | undefined;
  const loaded = () => {
    keys ??= load(path);
    return keys;
  };
  return {
    async close(text) {
      const { armor } = await import('age-encryption');
      return armor.encode(await (await loaded()).encrypter.encrypt(text));
    },
    async open(sealed) {
      const { armor } = await import('age-encryption');
      const { decrypter } = await loaded();
      try {
        return await decrypter.decrypt(armor.decode(sealed), 'text');
      } catch (cause) {
        throw new StoreError(
          'sealed',
          `the secrets in the store were not sealed for the key in ${path}`,
          'name the file of the key that they were sealed for in HAUP_STORE_IDENTITY',
          { cause },
        );
      }
    },
  };
}

async function load(path: string): Promise<{ encrypter: Encrypter; decrypter: Decrypter }> {
  const text = await readKey(path);
  const { Decrypter, Encrypter, identityToRecipient } = await import('age-encryption');
  const encrypter = new Encrypter();
  const decrypter = new Decrypter();
  const identity = ageIdentityIn(text);
  if (identity !== undefined) {
    encrypter.addRecipient(await identityToRecipient(identity));
    decrypter.addIdentity(identity);
    return { encrypter, decrypter };
  }
  const passphrase = text.split('\n')[0]!.trim();
  if (passphrase.length < 12) throw keyError(`the passphrase in ${path} is shorter than 12 characters`);
  encrypter.setPassphrase(passphrase);
  decrypter.addPassphrase(passphrase);
  return { encrypter, decrypter };
}

async function readKey(path: string): Promise<string> {
  try {
    return await readKeyFile(path);
  } catch (cause) {
    if (cause instanceof ExposedKeyError) throw cause;
    throw keyError(`the store's key cannot be read: ${(cause as Error).message}`, cause);
  }
}

function keyError(message: string, cause?: unknown): StoreError {
  return new StoreError(
    'invalid',
    message,
    'name a file with an age identity, or with a long passphrase, in HAUP_STORE_IDENTITY',
    { cause },
  );
}
