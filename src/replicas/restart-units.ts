import type { Session } from '../ssh/session.ts';
import { unit } from './units/names.ts';
import type { Waiting } from './waiting.ts';

/**
 * Starts all units anew that are meant to run here. Does not wait for them: a member of etcd serves when it has found the others,
 * whose turn may be next.
 * @throws SshError
 */
export async function restartUnits(session: Session, waiting: Waiting = {}): Promise<void> {
  const script = Object.values(unit)
    .map((name) => `! systemctl is-enabled -q ${name} || systemctl restart --no-block ${name}`)
    .join('\n');
  await session.run(`set -e\n${script}`, { what: 'start its units again', signal: waiting.signal });
}
