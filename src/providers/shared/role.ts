import { ProviderError } from '../errors.ts';
import type { MachineRole } from '../provider.ts';

const ROLES: readonly string[] = ['master', 'node'] satisfies readonly MachineRole[];

/**
 * The role that a machine's label or tag says; none means a machine from before roles, which is a master.
 * @throws ProviderError `invalid` for a role of a newer haup: what it is for is not guessed, for a guess may delete it
 */
export function roleOf(label: string | null | undefined, machine: string): MachineRole {
  const role = label ?? 'master';
  if (ROLES.includes(role)) return role as MachineRole;
  throw new ProviderError(
    'invalid',
    `the machine ${machine} has the role ${JSON.stringify(role.slice(0, 80))}, which this release of haup does not know`,
  );
}

/** @throws ProviderError `conflict` when the machine that is there was made for something else. */
export function needRole(machine: string, is: MachineRole, wanted: MachineRole): void {
  if (is === wanted) return;
  throw new ProviderError('conflict', `the machine ${machine} exists and is a ${is}, not a ${wanted}`);
}
