import type { Removal } from '../cluster/plan/spec-changes.ts';
import type { Call } from './command.ts';
import { UsageError } from './errors.ts';
import type * as flags from './flags.ts';

type Removing = Pick<Call<Pick<typeof flags, 'zone' | 'count'>>, 'flags' | 'sources' | 'operands'>;

/** Which machines are to leave: those that are named, or any in a zone. `what` calls one of them: "replica". @throws UsageError */
export function removalFrom({ flags: { zone, count }, sources, operands }: Removing, what: string): Removal {
  const names = [...new Set(operands)];
  if (names.length > 0 && (count !== undefined || sources.zone === 'flag')) {
    throw new UsageError(`name the ${what}s, or say --zone and --count, not both`);
  }
  if (names.length === 0 && zone === undefined && count === undefined) {
    throw new UsageError(`which ${what}? name it, or say --zone, or --count`);
  }
  return names.length > 0 ? { names } : { zone, count: count ?? 1 };
}
