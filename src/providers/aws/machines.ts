import { once } from '../../util/once.ts';
import { ProviderError } from '../errors.ts';
import type { Machine, MachineRequest, Machines } from '../provider.ts';
import { openLook } from '../shared/look.ts';
import { needRole } from '../shared/role.ts';
import type { Management } from './address/management.ts';
import { tolerate } from './api/errors.ts';
import type { Instance } from './api/replies.ts';
import type { Context } from './context.ts';
import { findImage, machineKind } from './images.ts';
import { findInstances, isNode, nameOf, settled, stateOf, toMachine } from './instances.ts';
import { type LaunchParts, launch, launchRequest } from './launch.ts';
import type { PodRoutes } from './pod-routes.ts';

export interface MachineParts extends Omit<LaunchParts, 'image'> {
  readonly management: Management;
  readonly routes: PodRoutes;
}

export function machines(context: Context, parts: MachineParts): Machines {
  const images = {
    master: once(() => findImage(context, machineKind(context, 'master').type)),
    node: once(() => findImage(context, machineKind(context, 'node').type)),
  };

  const seen = openLook<Instance>({
    idOf: ({ InstanceId }) => InstanceId,
    isMoving,
    settled: (instance, patienceMs) => rest(context, instance, patienceMs),
  });

  async function list(): Promise<readonly Machine[]> {
    const found = await Promise.all((await findInstances(context)).map(seen));
    return found.filter((instance) => instance !== null).map(toMachine);
  }

  async function create(request: MachineRequest): Promise<Machine> {
    const [existing] = await findInstances(context, { replica: request.name });
    if (existing) needRole(request.name, toMachine(existing).role, request.role);
    if (existing && stateOf(existing) !== 'pending') return start(request.name);
    const instance =
      existing ??
      (await launch(
        context,
        await launchRequest(context, { ...parts, image: (role) => images[role]() }, request),
        request.name,
        request.requestToken,
      ));
    return toMachine(await running(context, instance.InstanceId, request.name));
  }

  async function instanceOf(name: string): Promise<Instance> {
    const [found] = await findInstances(context, { replica: name });
    if (found) return found;
    throw new ProviderError('not-found', `there is no machine ${name}`);
  }

  async function start(name: string): Promise<Machine> {
    const found = await instanceOf(name);
    const instance = stateOf(found) === 'stopping' ? await rest(context, found) : found;
    if (!instance) throw new ProviderError('not-found', `${name} was terminated`);
    if (stateOf(instance) === 'running') return toMachine(instance);
    const id = instance.InstanceId;
    if (stateOf(instance) === 'stopped') await context.api.ec2('StartInstances', { InstanceIds: [id] });
    return toMachine(await running(context, id, name));
  }

  async function stop(name: string): Promise<void> {
    const found = await instanceOf(name);
    if (stateOf(found) === 'running') {
      // Without a word to the operating system: its buffers are lost, as without power.
      const suddenly = { Force: true, SkipOsShutdown: true };
      await context.api.ec2('StopInstances', { InstanceIds: [found.InstanceId], ...suddenly });
    }
    await settled(context, found.InstanceId, `${name} to stop`, (now) => {
      if (now === null || ['terminated', 'shutting-down'].includes(stateOf(now))) return null;
      return stateOf(now) === 'stopped' ? now : undefined;
    });
  }

  /** EC2 asks the operating system first, and has no way that does not. RebootInstances, EC2 API reference. */
  async function reset(name: string): Promise<void> {
    const found = await instanceOf(name);
    if (stateOf(found) !== 'running')
      throw new ProviderError('conflict', `${name} does not run, and cannot be restarted`);
    await context.api.ec2('RebootInstances', { InstanceIds: [found.InstanceId] });
  }

  async function remove(name: string): Promise<void> {
    const states = ['pending', 'running', 'stopping', 'stopped', 'shutting-down'];
    const found = await findInstances(context, { replica: name, states });
    // First: of a route to an instance that is gone nothing says whose it was. To masters there is none.
    if (found.length === 0 || found.some(isNode)) await parts.routes.forget(name);
    await terminate(context, found);
    // Its Elastic IP, if it had one of its own, is free now.
    if (found.length === 0 || found.some(hasElasticIp)) await parts.management.release(name);
  }

  async function providerId(name: string): Promise<string> {
    const found = await instanceOf(name);
    return `aws:///${found.Placement?.AvailabilityZone}/${found.InstanceId}`;
  }

  return { list, create, start, stop, reset, delete: remove, providerId };
}

/** Terminates these instances and waits until they are. */
export async function terminate(context: Context, found: readonly Instance[]): Promise<void> {
  await Promise.all(
    found.map(async (instance) => {
      const id = instance.InstanceId;
      if (stateOf(instance) !== 'shutting-down')
        await tolerate(context.api.ec2('TerminateInstances', { InstanceIds: [id] }), [
          'InvalidInstanceID.NotFound',
        ]);
      await settled(context, id, `${nameOf(instance)} to be terminated`, (now) =>
        now === null || stateOf(now) === 'terminated' ? null : undefined,
      );
    }),
  );
}

function isMoving(instance: Instance): boolean {
  return stateOf(instance) === 'pending' || stateOf(instance) === 'stopping';
}

/** Waits out a state in between, or until `patienceMs` are over. Null: it was terminated. */
async function rest(
  context: Context,
  instance: Instance,
  patienceMs = Number.POSITIVE_INFINITY,
): Promise<Instance | null> {
  const until = context.clock.now() + patienceMs;
  return settled(context, instance.InstanceId, `${nameOf(instance)} to settle`, (now) => {
    if (now === null || ['terminated', 'shutting-down'].includes(stateOf(now))) return null;
    return isMoving(now) && context.clock.now() < until ? undefined : now;
  });
}

/** Until then a listing may show the state of before. EC2, "Eventual consistency". */
const staleMs = 30_000;

/** @throws ProviderError when the instance ends instead: EC2 reports a lack of capacity or rights that late, too. */
async function running(context: Context, id: string, name: string): Promise<Instance> {
  const believed = context.clock.now() + staleMs;
  let begun = false;
  const instance = await settled(context, id, `${name} to run`, (now) => {
    if (now === null) return undefined; // not listed yet
    const state = stateOf(now);
    begun ||= state === 'pending';
    const ended =
      state === 'stopped'
        ? begun || context.clock.now() >= believed
        : ['terminated', 'shutting-down'].includes(state);
    if (ended) throw launchFailure(now, name);
    return state === 'running' ? now : undefined;
  });
  return instance!;
}

/** State reasons: EC2 user guide, "Troubleshoot instance launch issues". */
function launchFailure(instance: Instance, name: string): ProviderError {
  const { Code = '', Message = 'no reason given' } = instance.StateReason ?? {};
  const message = `${name} did not start: ${Message} (${Code})`;
  if (/Insufficient|LimitExceeded/.test(Code))
    return new ProviderError('quota', message, {
      advice: [
        'Name another zone, or ask for more in Service Quotas.',
        { to: 'or name another kind of machine', setting: 'machineType' },
      ],
    });
  // Server.InternalError is AWS's own fault, and passes. EC2 reference, StateReason.
  if (/^Client\.InternalError/.test(Code))
    return new ProviderError('denied', message, {
      advice: 'Most often the credentials may not use the KMS key of the account’s default EBS encryption.',
    });
  return new ProviderError('transient', message);
}

function hasElasticIp(instance: Instance): boolean {
  return (instance.NetworkInterfaces ?? []).some(
    (nic) => nic.Association && nic.Association.IpOwnerId !== 'amazon',
  );
}
