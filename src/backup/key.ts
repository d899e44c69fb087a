import { hkdfSync } from 'node:crypto';
import { ageIdentityIn, ExposedKeyError, readKeyFile } from '../util/host/key-file.ts';
import { BackupError } from './errors.ts';

/** What an operator's age identity means for the backups of one cluster. */
export interface BackupKey {
  /** Whom what backups hold is sealed for: `age1…`. */
  readonly recipient: string;
  /** Of the repository. Masters have it, and learn nothing about the identity from it. */
  readonly password: string;
}

/**
 * The key of a cluster's backups, from the operator's identity alone: whoever has that can read them, also when everything else is lost.
 * @param path of a file with an age identity (`AGE-SECRET-KEY-1…`); a passphrase, which can be guessed, is none.
 * @throws BackupError `invalid`
 */
export async function backupKey(path: string | null, cluster: string): Promise<BackupKey> {
  const identity = await readIdentity(path);
  const { identityToRecipient } = await import('age-encryption');
  const derived = hkdfSync('sha256', identity, cluster, 'haup backup repository password', 32);
  return {
    recipient: await identityToRecipient(identity),
    password: Buffer.from(derived).toString('base64url'),
  };
}

/** Closes a text for a recipient, as an armoured age file. */
export async function seal(text: string, recipient: string): Promise<string> {
  const { armor, Encrypter } = await import('age-encryption');
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  return armor.encode(await encrypter.encrypt(text));
}

/** @throws BackupError `refused` where it was sealed for somebody else, or was changed. */
export async function unseal(sealed: string, path: string | null): Promise<string> {
  const identity = await readIdentity(path);
  const { armor, Decrypter } = await import('age-encryption');
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  try {
    return await decrypter.decrypt(armor.decode(sealed), 'text');
  } catch (cause) {
    throw new BackupError(
      'refused',
      `the keys in this backup were not sealed for the identity in ${path}`,
      'name the identity that they were sealed for in HAUP_STORE_IDENTITY',
      { cause },
    );
  }
}

async function readIdentity(path: string | null): Promise<string> {
  if (path === null)
    throw refuse('backups hold the keys of the cluster, sealed for an age identity, and none is named');
  const text = await readKeyFile(path).catch((cause: Error) => {
    if (cause instanceof ExposedKeyError) throw cause;
    throw refuse(`the identity for backups cannot be read: ${cause.message}`, cause);
  });
  const identity = ageIdentityIn(text);
  if (identity === undefined) throw refuse(`${path} holds no age identity (AGE-SECRET-KEY-1…)`);
  return identity;
}

function refuse(message: string, cause?: unknown): BackupError {
  return new BackupError(
    'invalid',
    message,
    'name the file of one in HAUP_STORE_IDENTITY; age-keygen makes one: keep it where the cluster is not',
    { cause },
  );
}
