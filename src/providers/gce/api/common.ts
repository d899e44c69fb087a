import type { Context, MutateOptions } from './cloud.ts';
import { GceError } from './errors.ts';

/** Deletes; what is gone already is no error. `passing`: "in use" for a while after its user was deleted. */
export async function remove(
  context: Context,
  method: `${string}.delete`,
  request: Readonly<Record<string, string>>,
  what: string,
  accepted?: () => void,
): Promise<void> {
  const options = { passing: isInUse, deadlineMs: 120_000, ...(accepted ? { accepted } : {}) };
  try {
    await context.cloud.mutate(method, request, what, options);
  } catch (error) {
    if (!(error instanceof GceError && error.kind === 'not-found')) throw error;
  }
}

/**
 * Inserts; what exists already (a crash, or an operation that a crashed run left running) is looked at with `read`.
 * @throws `conflict` when what exists is not this cluster's.
 */
export async function make<T extends { readonly description: string }>(
  context: Context,
  method: `${string}.insert`,
  request: Readonly<Record<string, unknown>>,
  thing: string,
  read: () => Promise<T | null>,
  how: MutateOptions = {},
): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await context.cloud.mutate(method, request, `creating ${thing}`, how);
      return;
    } catch (error) {
      if (!isExisting(error)) throw error;
      const found = await read();
      if (found) {
        mustOwn(context, found.description, thing);
        return;
      }
      // Exists, and cannot be read: it is still being made, or being deleted, by someone else's operation.
      if (attempt === 20) throw error;
      await context.clock.sleep(1000 + attempt * 500, context.cloud.signal);
    }
  }
}

export function mustOwn(context: Context, description: string, thing: string): void {
  if (description.includes(`haup-uid=${context.cluster.uid}`)) return;
  throw new GceError('conflict', 'foreign', `${thing} exists and is not of this cluster`, {
    advice: `Its description should be "haup-cluster=${context.cluster.name} haup-uid=${context.cluster.uid}"; delete or rename it.`,
  });
}

export function isExisting(error: unknown): error is GceError {
  return error instanceof GceError && /alreadyExists|ALREADY_EXISTS|^409$/i.test(error.reason);
}

/**
 * An external address in use has no code of its own: it is an invalid value, in these words ("Specified IP address is in-use and would
 * result in a conflict": kubernetes/ingress-gce, addressAlreadyInUseMessageExternal; GoogleCloudPlatform/k8s-multicluster-ingress#132).
 */
const IN_USE = /IN_USE|InUse|already being used|is (already )?in-use|already allocated to an instance/;

/** A quota can be called IN_USE_ADDRESSES: that one is used up, and waiting does not help. */
export function isInUse(error: unknown): error is GceError {
  if (!(error instanceof GceError) || error.kind === 'quota') return false;
  return IN_USE.test(`${error.reason} ${error.message}`);
}
