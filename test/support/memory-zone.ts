import { DnsError } from '../../src/federation/dns/errors.ts';
import { differenceOf, type NameChange, type RecordSet, sameSet } from '../../src/federation/dns/records.ts';
import type { DnsWriter } from '../../src/federation/dns/writer.ts';

/** A zone as DNS and the cloud services have it: a batch whole or not at all, and only if what it replaces is there. */
export class MemoryZone {
  sets: readonly RecordSet[] = [];
  batches = 0;

  /** @throws DnsError of kind changed */
  apply(changes: readonly NameChange[]): void {
    let sets = this.sets;
    for (const { removed } of changes.map(differenceOf)) {
      for (const set of removed) {
        if (!sets.some((other) => sameSet(set, other))) throw changed(set);
        sets = sets.filter((other) => !sameSet(set, other));
      }
    }
    for (const { added } of changes.map(differenceOf)) {
      for (const set of added) {
        if (clash(sets, set)) throw changed(set);
        sets = [...sets, set];
      }
    }
    this.sets = sets;
    this.batches++;
  }

  /** Whether it cannot stand beside what is there. */
  refuses(set: RecordSet): boolean {
    return clash(this.sets, set);
  }
}

/** Writes to a zone in memory, and counts. */
export class MemoryWriter implements DnsWriter {
  readonly zone = new MemoryZone();
  reads = 0;
  closed = false;
  /** By what changes are refused; null: they are not. */
  failure: DnsError | null = null;

  async read(): Promise<readonly RecordSet[]> {
    this.reads++;
    return this.zone.sets;
  }

  async apply(changes: readonly NameChange[]): Promise<void> {
    if (this.failure) throw this.failure;
    this.zone.apply(changes);
  }

  async settled(): Promise<void> {}

  close(): void {
    this.closed = true;
  }
}

export function changedMeanwhile(error: unknown): boolean {
  return error instanceof DnsError && error.kind === 'changed';
}

function clash(sets: readonly RecordSet[], { name, type }: RecordSet): boolean {
  return sets.some(
    (other) => other.name === name && (other.type === type || other.type === 'CNAME' || type === 'CNAME'),
  );
}

function changed({ name, type }: RecordSet): DnsError {
  return new DnsError('changed', `${type} ${name} is not as it was`);
}
