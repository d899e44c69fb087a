import type { Context } from '../api/cloud.ts';
import { isInUse } from '../api/common.ts';
import { GceError } from '../api/errors.ts';
import { type Instance, instance as instanceSchema } from '../api/schemas.ts';
import { lastPart } from '../names.ts';

/** The name that the console and gcloud give a machine's one access config. */
export const ACCESS_CONFIG = { name: 'External NAT', type: 'ONE_TO_ONE_NAT' };

/** Gives an instance without one a public address; `ip` undefined: an ephemeral one, unless somebody else has given it one meanwhile. */
export async function addAddress(context: Context, instance: Instance, ip?: string): Promise<void> {
  const request = {
    ...place(instance),
    accessConfigResource: ip === undefined ? ACCESS_CONFIG : { ...ACCESS_CONFIG, natIP: ip },
  };
  const what = `giving ${instance.name} the address ${ip ?? '(ephemeral)'}`;
  try {
    await context.cloud.mutate('instances.addAccessConfig', request, what, {
      // An address counts as in use for a moment after its last user has let go of it.
      ...(ip === undefined ? {} : { passing: isInUse }),
      firstPauseMs: 250,
      deadlineMs: 120_000,
    });
  } catch (error) {
    // How a second one is refused is not documented: what the instance has now says it.
    if (ip !== undefined || isBare(await asItIs(context, instance))) throw error;
  }
}

/** An instance now; read without heeding an abort, which what lists instances does. */
export function asItIs({ cloud }: Context, { name, zone }: Instance): Promise<Instance> {
  return cloud.ask('instances.get', { zone: lastPart(zone), instance: name }, instanceSchema);
}

/** Takes an instance's public address away, whatever it is. One that has none is no error. */
export async function takeAddress(
  context: Context,
  instance: Instance,
  accepted?: () => void,
): Promise<void> {
  const config = instance.networkInterfaces[0]?.accessConfigs[0];
  if (!config) return;
  const request = { ...place(instance), accessConfig: config.name };
  const what = `taking the address ${config.natIP} from ${instance.name}`;
  try {
    await context.cloud.mutate('instances.deleteAccessConfig', request, what, {
      firstPauseMs: 250,
      deadlineMs: 120_000,
      ...(accepted ? { accepted } : {}),
    });
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

/** What the refusal looks like for an access config that is not there is not documented: by kind, or by its words. */
function isGone(error: unknown): boolean {
  if (!(error instanceof GceError)) return false;
  return error.kind === 'not-found' || (error.kind === 'invalid' && /not (exist|found)/i.test(error.message));
}

/**
 * A running instance that has no public address: a handover that stopped half way left it so, or one that took the API address from it
 * while it was stopped.
 */
export function isBare({ status, networkInterfaces }: Instance): boolean {
  return status === 'RUNNING' && networkInterfaces[0]?.accessConfigs.length === 0;
}

/** Ephemeral addresses for all instances that are {@link isBare}. */
export async function giveAddresses(context: Context, instances: readonly Instance[]): Promise<void> {
  await Promise.all(instances.filter(isBare).map((each) => addAddress(context, each)));
}

function place(instance: Instance) {
  const networkInterface = instance.networkInterfaces[0]?.name ?? 'nic0';
  return { zone: lastPart(instance.zone), instance: instance.name, networkInterface };
}
