import { shellScript } from '../ssh/script.ts';
import type { Session } from '../ssh/session.ts';
import { paths } from './paths.ts';
import type { Waiting } from './waiting.ts';

const noteScript = shellScript('replicas/scripts/store-revision.sh', ['file', 'revision']);

/**
 * Notes on the machine which revision of the operator's store is put to work, so that an older copy of the store can be told. A newer
 * note stays.
 * @throws SshError
 */
export async function noteStoreRevision(
  session: Session,
  revision: number,
  { signal }: Waiting = {},
): Promise<void> {
  const script = noteScript({ file: paths.storeRevision, revision });
  await session.run(script, { what: "note the store's revision", signal });
}
