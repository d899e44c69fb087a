import { ProviderError } from '../errors.ts';
import type { FaultKind } from '../provider.ts';
import { type Context, exclusively } from './context.ts';
import { syncTranslation } from './fabric/translation.ts';
import { setFrozen } from './host/cgroups.ts';
import { wipeDisk } from './machine/disk.ts';
import { isPoweredOn, machineGroup } from './machine/power.ts';
import { start, takeDown } from './machines.ts';
import { machineName } from './names.ts';
import { type MachineRecord, readMachine, writeMachine } from './state.ts';

/** What can be done to machines. Each is idempotent: a machine that is off can be powered off again. */
export async function injectFault(
  context: Context,
  kind: FaultKind,
  machines: readonly string[],
): Promise<void> {
  const names = machines.map(machineName);
  for (const name of names) await need(context, name);
  if (kind === 'power-off') await cutPower(context, names);
  else for (const name of names) await FAULTS[kind](context, name);
}

type OfOne = Readonly<
  Record<Exclude<FaultKind, 'power-off'>, (context: Context, name: string) => Promise<void>>
>;

const FAULTS: OfOne = {
  'power-on': async (context, name) => {
    await start(context, name);
  },
  freeze: (context, name) => freeze(context, name, true),
  thaw: (context, name) => freeze(context, name, false),
  isolate: (context, name) => isolate(context, name, true),
  heal: (context, name) => isolate(context, name, false),
  'wipe-disk': replaceDisk,
};

/**
 * The cables first, then the plugs: otherwise the kernel would close the dead machines' connections for them, and their peers
 * would know at once what they have to find out by silence. All cables at once, as when a zone has no power.
 */
async function cutPower(context: Context, names: readonly string[]): Promise<void> {
  await exclusively(context, async () => {
    await syncTranslation(context.key, new Set(names));
    for (const name of names) {
      const record = await need(context, name);
      await takeDown(context, name, record);
      await writeMachine(context.key, { ...record, ephemeralIp: null });
    }
    await syncTranslation(context.key);
  });
}

/** Stops every process; the machine's kernel half, its network stack, still accepts connections: a hung machine. */
async function freeze(context: Context, name: string, frozen: boolean): Promise<void> {
  if (!(await isPoweredOn(context.key, name))) {
    throw new ProviderError(
      'conflict',
      `the machine ${name} is stopped: it can be neither frozen nor thawed`,
    );
  }
  await setFrozen(await machineGroup(context.key, name), frozen);
}

/** Unplugs the network cable until `heal`, whether or not the machine runs, over restarts too. */
async function isolate(context: Context, name: string, isolated: boolean): Promise<void> {
  await exclusively(context, async () => {
    await writeMachine(context.key, { ...(await need(context, name)), isolated });
    await syncTranslation(context.key);
  });
}

/**
 * As if the disk had been replaced by an empty one: a machine that ran is powered off and boots again from a bare image,
 * without its boot script. It runs, but knows nobody's key: nothing of the replica is left on it.
 */
async function replaceDisk(context: Context, name: string): Promise<void> {
  const ran = await isPoweredOn(context.key, name);
  if (ran) await cutPower(context, [name]);
  await exclusively(context, async () => wipeDisk(context.key, await need(context, name)));
  if (ran) await start(context, name);
}

async function need(context: Context, name: string): Promise<MachineRecord> {
  const record = await readMachine(context.key, name);
  if (record) return record;
  throw new ProviderError('not-found', `there is no machine ${name}`);
}
