import type { Observation } from '../../model/observation.ts';
import { operatorKeys } from '../keys.ts';
import type { Tools } from '../tools.ts';

const AUTHORIZED = '/root/.ssh/authorized_keys';

/**
 * Lets in at every machine whoever the spec names, and nobody else, and proves it by a new log-in with the first. Can be repeated.
 * @throws Error for a machine that does not run: it would let the old one in, or nobody, when it does
 */
export async function authorizeOperators(
  t: Pick<Tools, 'secrets' | 'memory' | 'session' | 'drop' | 'seen' | 'signal'>,
  progress: (message: string) => void,
): Promise<void> {
  const { publicKeys } = await operatorKeys(t.secrets, t.memory.spec);
  const file = { path: AUTHORIZED, content: publicKeys.map((key) => `${key}\n`).join(''), mode: 0o600 };
  for (const { name, state } of machinesOf(t.seen())) {
    if (state !== 'running') throw new Error(`${name} does not run, and could not be told of the new key`);
    progress(`${name}: who may log in`);
    const session = await t.session(name);
    await session.pushFiles([file], { what: 'say who may log in', signal: t.signal });
    t.drop(name);
    await t.session(name);
  }
}

function machinesOf({ machines, nodes }: Observation) {
  return [...machines, ...nodes.machines];
}
