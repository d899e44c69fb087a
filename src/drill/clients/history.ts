/**
 * Linearizability, for the two shapes of data that allow a complete check in little time: a register whose values are
 * written once each and only grow, and a set to which keys are only added. Moments are of `performance.now()`.
 */
interface Operation {
  readonly began: number;
  readonly ended: number;
}

export interface CounterOperation extends Operation {
  readonly kind: 'read' | 'write';
  readonly value: number;
  /** A write that was not answered may have happened, or may happen still. */
  readonly outcome: 'acknowledged' | 'refused' | 'unknown';
}

/** What is wrong with the history of a counter that clients increase by compare-and-swap from `initial`; empty: nothing. */
export function counterViolations(initial: number, operations: readonly CounterOperation[]): string[] {
  const violations: string[] = [];
  const certain = operations.filter((o) => o.outcome === 'acknowledged').sort((a, b) => a.ended - b.ended);
  const attempts = new Map<number, CounterOperation[]>();
  for (const o of operations) {
    if (o.kind === 'write' && o.outcome !== 'refused')
      attempts.set(o.value, [...(attempts.get(o.value) ?? []), o]);
  }
  for (const [value, writes] of attempts) {
    const acknowledged = writes.filter((write) => write.outcome === 'acknowledged').length;
    if (acknowledged > 1) violations.push(`${value} was written ${acknowledged} times: a lost update`);
  }
  for (const o of certain) {
    const before = certain.filter((other) => other.ended < o.began);
    const known = Math.max(initial, ...before.map((other) => other.value));
    if (o.kind === 'read' && o.value < known) violations.push(`read ${o.value} after ${known}: stale`);
    if (o.kind === 'write' && o.value <= known) violations.push(`wrote ${o.value} after ${known}: lost`);
    if (o.kind === 'read' && o.value !== initial) {
      const possible = (attempts.get(o.value) ?? []).some((write) => write.began <= o.ended);
      if (!possible) violations.push(`read ${o.value}, which nobody had written`);
    }
  }
  return violations;
}

export interface Addition extends Operation {
  readonly key: string;
  readonly outcome: 'acknowledged' | 'unknown';
}

export interface Listing extends Operation {
  readonly keys: ReadonlySet<string>;
}

/** What is wrong with the history of a set that only grows; empty: nothing. */
export function setViolations(additions: readonly Addition[], listings: readonly Listing[]): string[] {
  const violations: string[] = [];
  const byKey = new Map(additions.map((addition) => [addition.key, addition]));
  const ordered = [...listings].sort((a, b) => a.ended - b.ended);
  for (const listing of ordered) {
    for (const { key, ended, outcome } of additions) {
      if (outcome === 'acknowledged' && ended < listing.began && !listing.keys.has(key))
        violations.push(`${key} was acknowledged and then not listed`);
    }
    for (const key of listing.keys) {
      if (!((byKey.get(key)?.began ?? Number.POSITIVE_INFINITY) <= listing.ended))
        violations.push(`${key} was listed before anybody added it`);
    }
  }
  const known = new Set<string>();
  let read = 0;
  for (const later of [...listings].sort((a, b) => a.began - b.began)) {
    for (; (ordered[read]?.ended ?? Number.POSITIVE_INFINITY) < later.began; read++)
      for (const key of ordered[read]!.keys) known.add(key);
    for (const key of known)
      if (!later.keys.has(key)) violations.push(`${key} was listed and then not listed`);
  }
  return violations;
}
