import { shellScript } from '../../ssh/script.ts';
import type { Session } from '../../ssh/session.ts';
import { unit } from '../units/names.ts';
import type { Waiting } from '../waiting.ts';

const script = shellScript('replicas/scripts/restart-units.sh');

/**
 * Starts all units anew that are meant to run here. Does not wait for them: a member of etcd serves when it has found the others,
 * whose turn may be next.
 * @throws SshError
 */
export async function restartUnits(session: Session, waiting: Waiting = {}): Promise<void> {
  await session.run(script({}, Object.values(unit)), {
    what: 'start its units again',
    signal: waiting.signal,
  });
}
