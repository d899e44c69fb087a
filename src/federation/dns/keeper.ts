import type { Clock } from '../../util/clock.ts';
import type { Shard } from '../model/shard.ts';
import type { DnsProblem } from './desired.ts';
import { DnsError } from './errors.ts';
import { planRecords } from './plan.ts';
import { afterChanges, type NameChange, type RecordSet } from './records.ts';
import type { DnsSettings } from './settings.ts';
import type { DnsWriter } from './writer.ts';

/** What a turn did. */
export interface DnsTurn {
  readonly changed: readonly NameChange[];
  readonly problems: readonly DnsProblem[];
}

export interface DnsKeeper {
  /**
   * Brings the zone to what the shards say. Nothing to do costs no call.
   * @throws DnsError; the next turn reads the zone again and goes on from what is there
   */
  turn(shards: readonly Shard[]): Promise<DnsTurn>;
}

/** Somebody else's changes are seen at the latest after so long: reading a zone takes a call for every 300 records. */
const READ_AGAIN_MS = 10 * 60_000;

/**
 * Keeps a zone. It remembers what it has read and written, so that an address that must go does not wait for a whole zone to be read;
 * each change is conditional, and one that finds something else makes it read again, once.
 */
export function keepZone(
  settings: DnsSettings,
  writer: DnsWriter,
  { clock, readAgainMs = READ_AGAIN_MS }: { clock: Pick<Clock, 'now'>; readAgainMs?: number },
): DnsKeeper {
  let known: { sets: readonly RecordSet[]; readAt: number } | undefined;

  async function once(shards: readonly Shard[]): Promise<DnsTurn> {
    const fresh = known && clock.now() - known.readAt < readAgainMs;
    const { sets, readAt } = fresh ? known! : { sets: await writer.read(), readAt: clock.now() };
    // Unknown until the changes are known to have been made: some of the batches may be when one fails.
    known = undefined;
    const { changes, problems } = planRecords(settings, shards, sets);
    if (changes.length > 0) await writer.apply(changes);
    known = { sets: afterChanges(sets, changes), readAt };
    return { changed: changes, problems };
  }

  return {
    async turn(shards) {
      try {
        return await once(shards);
      } catch (error) {
        if (!(error instanceof DnsError && error.kind === 'changed')) throw error;
        return once(shards);
      }
    },
  };
}
