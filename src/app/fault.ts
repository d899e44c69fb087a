import { InputError, NotFoundError } from '../cluster/model/errors.ts';
import type { FaultKind } from '../providers/provider.ts';
import type { Environment } from './operations.ts';

/** Hurts one replica, or all of a zone. Returns whom it hit. */
export function fault(env: Environment, cluster: string, kind: FaultKind, target: string): Promise<string[]> {
  return env.looking(cluster, async ({ world, provider }) => {
    if (!provider.fault)
      throw new InputError(`faults are for the local provider; ${cluster} is on ${provider.name}`);
    const machines = await provider.machines.list();
    const hit = machines.filter((machine) => machine.name === target || machine.zone === target);
    if (hit.length === 0) {
      const known = machines.flatMap((machine) => [machine.name, machine.zone]);
      throw new NotFoundError(`replica or zone of ${world.spec().name}`, target, [...new Set(known)]);
    }
    const names = hit.map(({ name }) => name);
    await provider.fault(kind, ...names);
    return names;
  });
}
