import { messageOf } from '../../../util/failure.ts';
import type { ApiAddress, Holder } from '../../provider.ts';
import type { Context } from '../api/cloud.ts';
import { GceError } from '../api/errors.ts';
import { externalIpOf, type Instance } from '../api/schemas.ts';
import type { GceBalancer } from '../balancer/balancer.ts';
import { untilHealthy } from '../balancer/health.ts';
import { makeRule, readRules, removeRule } from '../balancer/rules.ts';
import type { Instances } from '../machines.ts';
import { addAddress, giveAddresses, takeAddress } from './access.ts';

/** How long the section in which nobody has the address may take before it gives up. */
const CRITICAL_MS = 5 * 60_000;

/**
 * Moves the API address. What is slow comes first; between taking it from one and giving it to the other only the
 * calls that the move consists of are made, heeding no abort. If the giving fails the address goes back.
 *
 * A VM's access config must be deleted before a forwarding rule can take the address, and the reverse (kube-up,
 * cluster/gce/util.sh, attach-external-ip and create-loadbalancer).
 */
export function openHandover(
  context: Context,
  instances: Instances,
  balancer: GceBalancer,
  read: () => Promise<ApiAddress | null>,
): (to: Exclude<Holder, { kind: 'nobody' }>) => Promise<void> {
  return async (to) => {
    const address = await read();
    if (!address) throw new GceError('not-found', 'noAddress', 'no API address is reserved');
    if (to.kind === 'balancer') await toBalancer(address);
    else await toMachine(address, to.name);
  };

  /** The same context, for the section that no abort may leave half done. */
  function shielded(): Context {
    return { ...context, cloud: context.cloud.heeding(AbortSignal.timeout(CRITICAL_MS)) };
  }

  async function toBalancer({ ip, holder }: ApiAddress): Promise<void> {
    if (holder.kind === 'balancer') return balancer.finish();
    const members = await balancer.targets();
    const names = [...members.values()].flat();
    if (names.length === 0) {
      throw new GceError(
        'conflict',
        'noTargets',
        'the load balancer has no target to take the API address for',
      );
    }
    const warm = await balancer.warm();
    await untilHealthy(context, members, warm, names);
    const owner = holder.kind === 'machine' ? await instances.find(holder.name) : null;
    context.progress(`moving ${ip} to the load balancer`);
    const critical = shielded();
    if (owner) await takeAddress(critical, owner);
    try {
      await makeRule(critical, context.names.rule, ip);
    } catch (error) {
      const { final } = await readRules(critical).catch(() => ({ final: null }));
      if (!final) throw await undone(error, ip, owner && (() => addAddress(critical, owner, ip)));
    }
    // From here the temporary rule says that something is left to do, until it is gone.
    if (!owner) return balancer.finish();
    await giveEphemeral(context, owner);
    await balancer.settle(members, warm, ip);
  }

  async function toMachine({ ip, holder }: ApiAddress, name: string): Promise<void> {
    const machine = await instances.find(name);
    if (machine.status !== 'RUNNING') {
      throw new GceError(
        'conflict',
        'notRunning',
        `${name} is ${machine.status}, not running: it cannot take the API address`,
      );
    }
    if (holder.kind === 'machine' && holder.name === name)
      return giveAddresses(context, await instances.all());
    const owner = holder.kind === 'machine' ? await instances.find(holder.name) : null;
    context.progress(`moving ${ip} to ${name}`);
    const critical = shielded();
    const back = takerBack(critical, ip, holder, owner);
    // The machine's own address goes once the taking has been accepted: should this process die in between, the address
    // is with nobody, which the next run sees; a machine without any address it would not.
    let accepted = () => {};
    const isAccepted = new Promise<void>((resolve) => {
      accepted = resolve;
    });
    const taking = take(critical, holder, owner, accepted).finally(accepted);
    const [taken, cleared] = await Promise.allSettled([
      taking,
      isAccepted.then(() => (externalIpOf(machine) === null ? undefined : takeAddress(critical, machine))),
    ]);
    if (taken.status === 'rejected') {
      throw await undone(taken.reason, ip, async () => giveAddresses(critical, [await instances.find(name)]));
    }
    if (cleared.status === 'rejected') throw await undone(cleared.reason, ip, back);
    const givenBack = owner ? giveEphemeral(critical, owner) : Promise.resolve();
    givenBack.catch(() => {}); // looked at below
    try {
      await addAddress(critical, machine, ip);
    } catch (error) {
      await givenBack.catch(() => {});
      throw await undone(error, ip, async () => {
        if (owner) await takeAddress(critical, await instances.find(owner.name));
        await back?.();
        await addAddress(critical, machine);
      });
    }
    await givenBack;
  }
}

async function take(
  context: Context,
  holder: Holder,
  owner: Instance | null,
  accepted: () => void,
): Promise<void> {
  if (holder.kind === 'balancer') await removeRule(context, context.names.rule, accepted);
  else if (owner) await takeAddress(context, owner, accepted);
}

/** Gives the address back to whom it was taken from; null when that was nobody. */
function takerBack(
  context: Context,
  ip: string,
  holder: Holder,
  owner: Instance | null,
): (() => Promise<void>) | null {
  if (holder.kind === 'balancer') return () => makeRule(context, context.names.rule, ip);
  return owner && (() => addAddress(context, owner, ip));
}

/** A machine that has just lost the API address is reached by an ephemeral one; a stopped one gets it when it is started. */
async function giveEphemeral(context: Context, owner: Instance): Promise<void> {
  if (owner.status === 'RUNNING') await addAddress(context, owner);
}

/** The error to throw after a failed move, once the address has been brought back where it was. */
async function undone(error: unknown, ip: string, back: (() => Promise<void>) | null): Promise<unknown> {
  if (back === null) return error;
  try {
    await back();
    return error;
  } catch (second) {
    const words = messageOf(second);
    if (!(error instanceof GceError)) return error;
    return new GceError(
      error.kind,
      error.reason,
      `${error.message}; and ${ip} could not be given back: ${words}`,
      {
        advice: [
          ...error.remedies,
          'Nobody has the API address now.',
          { to: 'give it to its next holder', command: 'repair' },
        ],
      },
    );
  }
}
