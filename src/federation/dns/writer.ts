import type { ZoneWriter } from '../model/zone.ts';
import type { NameChange, RecordSet } from './records.ts';

/**
 * One zone, wherever it is served. `apply` carries out the changes in their order, as many at once as the service takes, and stops at
 * the first batch that fails; a name's change is never divided. Throws DnsError only.
 */
export interface DnsWriter extends ZoneWriter<readonly RecordSet[], readonly NameChange[]> {
  /** Waits until all name servers have what was accepted so far; at once where that is immediate. */
  settled(signal?: AbortSignal): Promise<void>;
  close(): void;
}
