import type { Addon } from '../../addons/addons.ts';
import type { Session } from '../../ssh/session.ts';
import { exchange } from '../provision/exchange.ts';
import { addonFiles } from '../provision/files.ts';
import { ADDONS_UNIT } from '../units/names.ts';
import type { Waiting } from '../waiting.ts';
import { type Admin, giveRights } from './rights.ts';

export interface KeepAddons {
  readonly apiPort: number;
  readonly admin: Admin;
  readonly addons: readonly Addon[];
}

/**
 * Makes these the add-ons that a master keeps, and no others; its API server must be ready. What is none any more is deleted, and no master
 * may make it again, so that those whose turn has not come cannot.
 * @throws TimeoutError with what the API server said last; ReplicaError, SshError
 */
export async function keepAddons(
  session: Session,
  { apiPort, admin, addons }: KeepAddons,
  waiting: Waiting = {},
): Promise<void> {
  await giveRights(session, { apiPort, ...admin, addons }, waiting);
  await exchange(
    session,
    { files: addonFiles({ addons }), restarts: [ADDONS_UNIT], replaced: ['addons'] },
    waiting,
  );
}
