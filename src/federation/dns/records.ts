/** All records of one type at one name. */
export interface RecordSet {
  /** In lower case, with its final dot. */
  readonly name: string;
  /** "A", "AAAA", "CNAME", "TXT", or another that is none of ours. */
  readonly type: string;
  /** Seconds. */
  readonly ttl: number;
  /** Sorted. Addresses as text, a CNAME's target with its final dot, a TXT's text without quotes. */
  readonly values: readonly string[];
  /** What makes it more than its values (an alias, a weight, a location): it is never ours. */
  readonly special?: string;
}

/** What becomes of the records at one name and of the name's mark: whole or not at all. */
export interface NameChange {
  readonly name: string;
  /** What was read, and must still be there. A set that is in both stays. */
  readonly seen: readonly RecordSet[];
  readonly wanted: readonly RecordSet[];
}

const MARK = '_haup.';

/**
 * Where the TXT record stands that says whose a name is. Not at the name itself: a CNAME bears no other record beside it
 * (RFC 1034, section 3.6.2).
 */
export function markNameOf(name: string): string {
  return MARK + name;
}

/** The name that a mark is about, or null where `name` is none of a mark. */
export function markedName(name: string): string | null {
  return name.startsWith(MARK) ? name.slice(MARK.length) : null;
}

/** What a mark says of its name. */
export interface Mark {
  /** How often the name was changed. */
  readonly change: number;
  /** Which types of records are its owner's. */
  readonly types: readonly string[];
}

/**
 * The TXT record that says whose a name is. It counts the changes, so that each replaces it and has it among its conditions: nothing is
 * changed at a name whose mark was taken away meanwhile. It lists the types, so that what somebody adds beside ours stays theirs.
 */
export function markOf(name: string, owner: string, ttl: number, { change, types }: Mark): RecordSet {
  const text = `${heading(owner)}${change},types=${[...types].sort().join('+')}`;
  return { name: markNameOf(name), type: 'TXT', ttl, values: [text] };
}

/** Null where the mark is not of this owner. */
export function readMark(set: RecordSet, owner: string): Mark | null {
  const [text = '', ...more] = set.values;
  if (set.type !== 'TXT' || set.special !== undefined || more.length > 0) return null;
  const rest = text.startsWith(heading(owner)) ? text.slice(heading(owner).length) : '';
  const [, change, types] = /^([0-9]{1,15}),types=([A-Z+]+)$/.exec(rest) ?? [];
  return change && types ? { change: Number(change), types: types.split('+') } : null;
}

function heading(owner: string): string {
  return `heritage=haup,owner=${owner},change=`;
}

export function sameSet(a: RecordSet, b: RecordSet): boolean {
  return (
    a.name === b.name &&
    a.type === b.type &&
    a.ttl === b.ttl &&
    a.special === b.special &&
    a.values.length === b.values.length &&
    a.values.every((value, index) => value === b.values[index])
  );
}

/** The sets of a change that go, and those that come. */
export function differenceOf({ seen, wanted }: NameChange): {
  readonly removed: readonly RecordSet[];
  readonly added: readonly RecordSet[];
} {
  return {
    removed: seen.filter((set) => !wanted.some((other) => sameSet(set, other))),
    added: wanted.filter((set) => !seen.some((other) => sameSet(set, other))),
  };
}

/** The zone's sets after these changes. */
export function afterChanges(
  sets: readonly RecordSet[],
  changes: readonly NameChange[],
): readonly RecordSet[] {
  const differences = changes.map(differenceOf);
  const removed = new Set(differences.flatMap((one) => one.removed.map(placeOf)));
  const added = differences.flatMap((one) => one.added);
  return [...sets.filter((set) => set.special !== undefined || !removed.has(placeOf(set))), ...added];
}

function placeOf({ name, type }: RecordSet): string {
  return `${type} ${name}`;
}
