import { ProviderError } from '../../../providers/errors.ts';
import type { FaultKind, Provider } from '../../../providers/provider.ts';
import { unit } from '../../../replicas/units/names.ts';
import { type Blow, cutsPower } from '../../model/drill.ts';
import { replicaZones } from '../../model/spec.ts';
import type { Tools } from '../tools.ts';
import type { Executor } from './executor.ts';

const cures: Partial<Record<Blow, FaultKind>> = {
  'power-off': 'power-on',
  reset: 'power-on',
  freeze: 'thaw',
  isolate: 'heal',
};

export const undoFault: Executor<'undo-fault'> = async (t, { blow, machine }) => {
  if (machine === null) await t.provider.balancer.ensure(replicaZones(t.memory.spec));
  else if (blow === 'kill-api-server') await startApiServer(t, machine);
  else await cure(t, blow, machine);
  await t.memory.rememberDrill(
    (drill) =>
      drill && {
        ...drill,
        wounds: drill.wounds.filter((wound) => wound.blow !== blow || wound.machine !== machine),
      },
  );
};

/** systemd has started it long ago, unless it is in its way; this asks for it once more. */
async function startApiServer(t: Tools, machine: string): Promise<void> {
  const session = await t.session(machine);
  await session.run(`systemctl start --no-block ${unit.apiServer}`, {
    what: 'start its API server',
    signal: t.signal,
  });
}

async function cure(t: Tools, blow: Blow, machine: string): Promise<void> {
  // A session from before does not know that it is over.
  if (cutsPower(blow)) t.drop(machine);
  try {
    await cureBy(t.provider, blow)(machine);
  } catch (error) {
    if (!isMoot(error)) throw error;
  }
}

function cureBy(provider: Provider, blow: Blow): (machine: string) => Promise<unknown> {
  const kind = cures[blow];
  const { fault, machines, name } = provider;
  if (kind && fault) return (machine) => fault(kind, machine);
  if (cutsPower(blow)) return machines.start;
  throw new Error(`${name} has nothing that undoes ${blow}`);
}

/** The machine is gone, or off: it can be neither frozen nor cut off any more. */
function isMoot(error: unknown): boolean {
  return error instanceof ProviderError && (error.kind === 'not-found' || error.kind === 'conflict');
}
