import type { Session } from '../ssh/session.ts';
import { paths } from './paths.ts';
import type { Waiting } from './waiting.ts';

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
  const file = paths.storeRevision;
  const script = `known=$(cat ${file} 2>/dev/null || echo 0)
[ "$known" -ge ${revision} ] 2>/dev/null && exit 0
mkdir -p "$(dirname ${file})"
echo ${revision} >${file}.new && sync -- ${file}.new && mv -f -- ${file}.new ${file}`;
  await session.run(script, { what: "note the store's revision", signal });
}
