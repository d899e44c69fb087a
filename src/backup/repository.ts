import { BackupError } from './errors.ts';

/** Where restic keeps backups, as it is told: `s3:https://host/bucket/prefix`, `gs:bucket:/prefix`, `rest:…`, `/folder`. */
export interface Repository {
  readonly address: string;
  readonly kind: 's3' | 'gs' | 'rest' | 'folder';
}

/** @throws BackupError `invalid` for what restic would not understand, or what holds a password, which everybody could read. */
export function readRepository(address: string): Repository {
  const kind = KINDS.find(([pattern]) => pattern.test(address))?.[1];
  if (!kind || /\s/.test(address))
    throw refuse(`${JSON.stringify(address)} is no address of a restic repository`);
  if (/^\w+:https?:\/\/[^/]*@/.test(address))
    throw refuse('its address must hold no password: it would be read by everybody who sees the cluster');
  return { address, kind };
}

const KINDS: readonly (readonly [RegExp, Repository['kind']])[] = [
  [/^s3:(https?:\/\/)?[\w.:-]+\/[\w.-]+/, 's3'],
  [/^gs:[\w.-]+:\//, 'gs'],
  [/^rest:https?:\/\/[\w.:@/-]+/, 'rest'],
  [/^\/[\w./@+-]+$/, 'folder'],
];

function refuse(why: string): BackupError {
  return new BackupError(
    'invalid',
    why,
    'give it as restic does: s3:https://host/bucket/prefix, gs:bucket:/prefix, rest:https://host/, or /folder',
  );
}
