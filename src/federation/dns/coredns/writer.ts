import { batches, type Sizes } from '../batches.ts';
import { DnsError } from '../errors.ts';
import { markNameOf, type NameChange } from '../records.ts';
import type { DnsWriter } from '../writer.ts';
import { type EtcdAddress, type KeyValues, keyValues, type Transaction, type Versioned } from './kv.ts';
import { entriesOf, placeOf, readPlaces, zoneKey } from './layout.ts';

/** etcd's own limit, of conditions and of operations each (`--max-txn-ops`). */
const LIMITS = { conditions: 128, operations: 128 };

/** A zone that CoreDNS serves out of etcd. What is accepted is served at once: the plugin keeps nothing. */
export function corednsWriter(
  { domain, ...address }: EtcdAddress & { readonly domain: string },
  store: KeyValues = keyValues(address),
): DnsWriter {
  /** The keys of each name, and of each mark, as they were last read or written. */
  let known = new Map<string, readonly Versioned[]>();
  /** The revision at which all that is below a name's place was last seen or written. */
  let readAt = '0';
  const writtenAt = new Map<string, string>();

  function transaction({ name, wanted }: NameChange): Transaction {
    const before = [name, markNameOf(name)].flatMap((one) => known.get(one) ?? []);
    const after = entriesOf(wanted, domain);
    const isKept = (key: string) => after.some((entry) => entry.key === key);
    const old = (key: string) => before.find((entry) => entry.key === key);
    return {
      conditions: [
        ...before.map(({ key, modified }) => ({ key, modified })),
        ...after.filter(({ key }) => !old(key)).map(({ key }) => ({ key, absent: true as const })),
        { below: placeOf(name, domain), since: writtenAt.get(name) ?? readAt },
      ],
      puts: after.filter(({ key, value }) => old(key)?.value !== value),
      deletes: before.map(({ key }) => key).filter((key) => !isKept(key)),
    };
  }

  async function commit(changes: readonly NameChange[]): Promise<void> {
    const modified = await store.transact(merged(changes.map(transaction)));
    if (modified === null) {
      const names = changes.map(({ name }) => name).join(', ');
      throw new DnsError('changed', `the records of ${names} are not as they were`);
    }
    for (const change of changes) {
      const before = [change.name, markNameOf(change.name)].flatMap((one) => known.get(one) ?? []);
      for (const name of [change.name, markNameOf(change.name)]) {
        const entries = entriesOf(
          change.wanted.filter((set) => set.name === name),
          domain,
        );
        known.set(
          name,
          entries.map(
            (entry) =>
              before.find(({ key, value }) => key === entry.key && value === entry.value) ?? {
                ...entry,
                modified,
              },
          ),
        );
      }
      writtenAt.set(change.name, modified);
    }
  }

  return {
    async read() {
      const { entries, revision } = await store.list(`${zoneKey(domain)}/`);
      const places = readPlaces(entries, domain);
      const byKey = new Map(entries.map((entry) => [entry.key, entry]));
      known = new Map(places.map(({ name, keys }) => [name, keys.map((key) => byKey.get(key)!)]));
      readAt = revision;
      writtenAt.clear();
      return places.flatMap(({ sets }) => sets);
    },
    async apply(changes) {
      for (const batch of batches(changes, (change) => sizeOf(transaction(change)), LIMITS))
        await commit(batch);
    },
    settled: async () => {},
    close() {},
  };
}

function sizeOf({ conditions, puts, deletes }: Transaction): Sizes {
  return { conditions: conditions.length, operations: puts.length + deletes.length };
}

function merged(parts: readonly Transaction[]): Transaction {
  return {
    conditions: parts.flatMap(({ conditions }) => conditions),
    puts: parts.flatMap(({ puts }) => puts),
    deletes: parts.flatMap(({ deletes }) => deletes),
  };
}
