import { messageOf } from '../../../util/failure.ts';
import { ProviderError } from '../../errors.ts';
import type { ApiAddress, Holder } from '../../provider.ts';
import type { Context } from '../api/cloud.ts';
import { GceError } from '../api/errors.ts';
import { externalIpOf, type Instance } from '../api/schemas.ts';
import type { GceBalancer } from '../balancer/balancer.ts';
import { untilServing } from '../balancer/health.ts';
import { makeRule, readRules, removeRule } from '../balancer/rules.ts';
import type { Instances } from '../machines.ts';
import { addAddress, asItIs, giveAddresses, takeAddress } from './access.ts';

/** How long the section in which nobody has the address may take before it gives up; and then the way back. */
const CRITICAL_MS = 5 * 60_000;
/** How long all targets are waited for behind a rule that has just been made: it takes seconds to make those healthy that live. */
const NEW_RULE_MS = 60_000;

/** Gives the address back to whom it was taken from. */
type WayBack = (context: Context) => Promise<void>;

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

  /** The same context, for the section that no abort may leave half done, with all of its time before it. */
  function shielded(): Context {
    const limit = new AbortController();
    const words = `the API address could not be moved within ${CRITICAL_MS / 60_000} minutes`;
    setTimeout(() => limit.abort(new GceError('transient', 'timeout', words)), CRITICAL_MS).unref();
    return { ...context, cloud: context.cloud.heeding(limit.signal) };
  }

  async function toBalancer({ ip, holder }: ApiAddress): Promise<void> {
    if (holder.kind === 'balancer') return balancer.finish();
    const members = await balancer.targets();
    if ([...members.values()].flat().length === 0) {
      throw new GceError(
        'conflict',
        'noTargets',
        'the load balancer has no target to take the API address for',
      );
    }
    const warm = await balancer.warm();
    // Behind a rule that was there whoever is not healthy is dead: the plan has seen all others healthy (src/cluster/plan/rules/address.ts).
    // While nobody has the address, the first one behind a new rule is better than waiting for the rest.
    const patienceMs = warm.isNew && holder.kind === 'machine' ? NEW_RULE_MS : 0;
    await untilServing(context, members, warm.ip, patienceMs);
    const owner = holder.kind === 'machine' ? await instances.find(holder.name) : null;
    context.progress(`moving ${ip} to the load balancer`);
    const critical = shielded();
    if (owner) await takeAddress(critical, owner);
    try {
      await makeRule(critical, context.names.rule, ip);
    } catch (error) {
      const { final } = await readRules(shielded()).catch(() => ({ final: null }));
      if (!final) throw await undone(error, ip, wayBack(ip, holder, owner));
    }
    // From here the temporary rule says that something is left to do, until it is gone.
    if (!owner) return balancer.finish();
    await giveEphemeral(context, owner);
    await balancer.settle(members, warm.ip, ip);
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
    const back = wayBack(ip, holder, owner);
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
      throw await undone(taken.reason, ip, async (safe) =>
        giveAddresses(safe, [await asItIs(safe, machine)]),
      );
    }
    if (cleared.status === 'rejected') throw await undone(cleared.reason, ip, back);
    const givenBack = owner ? giveEphemeral(critical, owner) : Promise.resolve();
    givenBack.catch(() => {}); // looked at below
    try {
      await addAddress(critical, machine, ip);
    } catch (error) {
      await givenBack.catch(() => {});
      throw await undone(error, ip, async (safe) => {
        if (owner) await takeAddress(safe, await asItIs(safe, owner));
        await back?.(safe);
        await addAddress(safe, machine);
      });
    }
    await givenBack;
  }

  /** The error to throw after a failed move, once the address has been brought back where it was. */
  async function undone(error: unknown, ip: string, back: WayBack | null): Promise<unknown> {
    if (back === null) return error;
    try {
      await back(shielded());
      return error;
    } catch (second) {
      if (!(error instanceof ProviderError)) return error;
      const reason = error instanceof GceError ? error.reason : 'notMoved';
      const notBack = `${ip} could not be given back: ${messageOf(second)}; ${await nowWith()}`;
      return new GceError(error.kind, reason, `${error.message}; and ${notBack}`, {
        advice: [...error.remedies, { to: 'give the API address to its next holder', command: 'repair' }],
      });
    }
  }

  /** Who has the address after all: what has failed may have been done all the same. */
  async function nowWith(): Promise<string> {
    const now = await read().catch(() => null);
    if (!now) return 'who has it now is not known';
    const { holder } = now;
    if (holder.kind === 'nobody') return 'nobody has it now';
    return `${holder.kind === 'machine' ? holder.name : 'the load balancer'} has it now`;
  }

  /** Null when it was nobody's. */
  function wayBack(ip: string, holder: Holder, owner: Instance | null): WayBack | null {
    if (holder.kind === 'balancer') return (safe) => makeRule(safe, context.names.rule, ip);
    return owner && ((safe) => addAddress(safe, owner, ip));
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

/** A machine that has just lost the API address is reached by an ephemeral one; a stopped one gets it when it is started. */
async function giveEphemeral(context: Context, owner: Instance): Promise<void> {
  if (owner.status === 'RUNNING') await addAddress(context, owner);
}
