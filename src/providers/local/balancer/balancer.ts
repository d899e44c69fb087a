import { waitFor } from '../../../util/wait.ts';
import { ProviderError } from '../../errors.ts';
import type { Balancer, BalancerState, Target, TargetHealth } from '../../provider.ts';
import { type Context, exclusively, needCluster } from '../context.ts';
import { syncTranslation } from '../fabric/translation.ts';
import { machineName } from '../names.ts';
import {
  forgetBalancer,
  type MachineRecord,
  readAddress,
  readBalancer,
  readMachines,
  writeAddress,
  writeBalancer,
} from '../state.ts';
import type { Server } from './config.ts';
import { endClientConnections } from './end-connections.ts';
import {
  balancerAnswers,
  balancerRemains,
  balancerRuns,
  balancerSocket,
  startBalancer,
  stopBalancer,
} from './process.ts';
import {
  addServer,
  BalancerGone,
  deleteServer,
  endConnections,
  type ServerState,
  serverStates,
  setState,
} from './runtime.ts';

/** How long a new target may take to pass its health check. */
const HEALTHY_WITHIN_MS = 60_000;

export function localBalancer(context: Context): Balancer {
  return {
    read: () => read(context),
    ensure: () => ensure(context),
    setTargets: (machines) => setTargets(context, machines),
    delete: () => deleteBalancer(context),
  };
}

/** Whether the balancer could take the API address now. */
export async function balancerIsComplete(context: Context): Promise<boolean> {
  return (await read(context))?.complete === true;
}

async function read(context: Context): Promise<BalancerState | null> {
  const record = await readBalancer(context.key);
  if (!record && !(await balancerRemains(context))) return null;
  const runs = record !== null && (await balancerRuns(context));
  const states = runs ? await statesIfAny(balancerSocket(context)) : null;
  return {
    name: `${context.cluster.name}-master`,
    complete: states !== null,
    targets: states ? targets(record?.targets ?? [], states) : unproven(record?.targets ?? []),
    dnsName: null,
  };
}

/** Null when haproxy has just ended: nobody waits for a balancer's deletion to look at it. */
async function statesIfAny(socket: string): Promise<ServerState[] | null> {
  try {
    return await serverStates(socket);
  } catch (error) {
    if (error instanceof BalancerGone) return null;
    throw error;
  }
}

function unproven(meant: readonly string[]): Target[] {
  return meant.map((replica) => ({ replica, health: 'unhealthy' }));
}

/**
 * What is meant to be a target and has been admitted, and what still gets new connections although it is not meant to.
 * One that was announced by a run that was killed before it was admitted is none yet: it gets no connection.
 */
function targets(meant: readonly string[], states: readonly ServerState[]): Target[] {
  const leaving = states.filter((state) => state.inService && !meant.includes(state.name));
  const health = (name: string): TargetHealth => {
    const state = states.find((each) => each.name === name);
    return state?.healthy ? 'healthy' : 'unhealthy';
  };
  return [
    ...meant
      .filter((replica) => states.some((state) => state.name === replica && state.inService))
      .map((replica) => ({ replica, health: health(replica) })),
    ...leaving.map((state) => ({ replica: state.name, health: 'draining' as const })),
  ].sort((a, b) => (a.replica < b.replica ? -1 : 1));
}

async function ensure(context: Context): Promise<void> {
  await needCluster(context);
  const launched = await exclusively(context, async () => {
    const record = (await readBalancer(context.key)) ?? { targets: [] };
    await writeBalancer(context.key, record);
    if (await balancerRuns(context)) return null;
    return await startBalancer(context, servers(await readMachines(context.key), record.targets));
  });
  // Machines can be made meanwhile.
  await balancerAnswers(context, launched);
}

function servers(machines: readonly MachineRecord[], names: readonly string[]): Server[] {
  return machines
    .filter((machine) => names.includes(machine.name))
    .map((machine) => ({ name: machine.name, ip: machine.internalIp }));
}

async function setTargets(context: Context, names: readonly string[]): Promise<void> {
  const wanted = [...new Set(names.map(machineName))].sort();
  const added = await exclusively(context, () => announce(context, wanted));
  // Health takes a second: the lock is not held meanwhile.
  await Promise.all(added.map((name) => admit(context, name)));
  await exclusively(context, async () => {
    const socket = balancerSocket(context);
    for (const state of await serverStates(socket)) {
      if (state.inService && !wanted.includes(state.name)) await setState(socket, state.name, 'drain');
    }
    await sweep(socket, wanted);
  });
}

/** Remembers the targets and makes the new ones known to haproxy, where they get no connection yet. Returns those. */
async function announce(context: Context, wanted: readonly string[]): Promise<string[]> {
  const machines = await readMachines(context.key);
  const missing = wanted.filter((name) => !machines.some((machine) => machine.name === name));
  if (missing.length > 0) throw new ProviderError('not-found', `there is no machine ${missing.join(', ')}`);
  if (!(await readBalancer(context.key)) || !(await balancerRuns(context))) {
    throw new ProviderError('not-found', 'there is no load balancer', {
      advice: { to: 'make it', command: 'repair' },
    });
  }
  // First what is meant, so that a crash leaves something to be seen and finished.
  await writeBalancer(context.key, { targets: [...wanted] });
  const socket = balancerSocket(context);
  const states = await serverStates(socket);
  const waiting = servers(machines, wanted).filter(
    (server) => !states.some((state) => state.name === server.name && state.inService),
  );
  for (const server of waiting) {
    if (!states.some((state) => state.name === server.name)) {
      await addServer(socket, server, context.cluster.apiPort);
    }
  }
  return waiting.map((server) => server.name);
}

/** Gives a new target connections once it has passed its check. @throws ProviderError `transient` */
async function admit(context: Context, name: string): Promise<void> {
  const socket = balancerSocket(context);
  let detail = '';
  context.progress(`${name}: waiting for the load balancer to find it healthy`);
  try {
    await waitFor(
      async () => {
        const state = (await serverStates(socket)).find((each) => each.name === name);
        detail = state?.detail ?? 'unknown to haproxy';
        return state?.passing || undefined;
      },
      {
        what: name,
        timeoutMs: HEALTHY_WITHIN_MS,
        intervalMs: 30,
        maxIntervalMs: 50,
        signal: context.signal,
      },
    );
  } catch (error) {
    context.signal.throwIfAborted();
    throw new ProviderError(
      'transient',
      `the target ${name} did not become healthy within ${HEALTHY_WITHIN_MS / 1000} s: ${detail}`,
      { cause: error, advice: `see what /readyz says on ${name}` },
    );
  }
  await setState(socket, name, 'ready');
}

/** Deletes drained servers whose last connection has ended. The others stay until then, or until their machine goes. */
async function sweep(socket: string, wanted: readonly string[]): Promise<void> {
  for (const state of await serverStates(socket)) {
    if (!wanted.includes(state.name) && state.connections === 0) await deleteServer(socket, state.name);
  }
}

/** A machine is gone: so is whatever the balancer had to do with it, as in a cloud. Under the cluster's lock. */
export async function forgetTarget(context: Context, name: string): Promise<void> {
  const record = await readBalancer(context.key);
  if (!record) return;
  if (record.targets.includes(name)) {
    await writeBalancer(context.key, { targets: record.targets.filter((target) => target !== name) });
  }
  if (!(await balancerRuns(context))) return;
  const socket = balancerSocket(context);
  if (!(await serverStates(socket)).some((state) => state.name === name)) return;
  await setState(socket, name, 'maint');
  await waitFor(
    async () => {
      await endConnections(socket, name);
      await deleteServer(socket, name);
      return true;
    },
    { what: `haproxy to let ${name} go`, timeoutMs: 10_000, intervalMs: 10, signal: context.signal },
  );
}

export async function deleteBalancer(context: Context): Promise<void> {
  if (!(await readBalancer(context.key)) && !(await balancerRemains(context))) return;
  await exclusively(context, async () => {
    const address = await readAddress(context.key);
    if (address?.holder.kind === 'machine')
      await endClientConnections(balancerSocket(context), context.signal);
    await stopBalancer(context);
    await forgetBalancer(context.key);
    if (address?.holder.kind === 'balancer') {
      await writeAddress(context.key, { ...address, holder: { kind: 'nobody' } });
      await syncTranslation(context.key);
    }
  });
}
