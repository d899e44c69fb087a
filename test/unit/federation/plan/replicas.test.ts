import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { distribute, type Preference } from '../../../../src/federation/plan/replicas.ts';

const even: Preference = { min: 0, max: null, weight: 1 };

function plan(
  replicas: number,
  preferences: Record<string, Preference>,
  current: Record<string, number> = {},
  rebalance = true,
) {
  return distribute({ replicas, preferences, current, rebalance, key: 'web/nginx' });
}

/** As federation v1's documents show them (ReplicaSet preferences). */
describe('replicas', () => {
  test('are shared out evenly without a word on it', () => {
    expect(plan(9, { a: even, b: even, c: even })).toEqual({ a: 3, b: 3, c: 3 });
    // Fractions are rounded up, the first in line first: so did v1.
    const odd = Object.values(plan(10, { a: even, b: even, c: even }));
    expect(odd.sort()).toEqual([2, 4, 4]);
  });

  test('follow weights', () => {
    expect(plan(9, { a: { ...even, weight: 1 }, b: { ...even, weight: 2 } })).toEqual({ a: 3, b: 6 });
  });

  test('give each the least that it wants before any weight counts', () => {
    expect(plan(10, { a: { min: 6, max: null, weight: 1 }, b: even })).toEqual({ a: 8, b: 2 });
  });

  test('give one who wants more than there is all of it, the heaviest first', () => {
    expect(plan(5, { a: { min: 9, max: null, weight: 2 }, b: { ...even, min: 2 } })).toEqual({ a: 5, b: 0 });
  });

  test('stop at the most, and what finds no place is left out', () => {
    expect(plan(10, { a: { ...even, max: 2 }, b: { ...even, max: 3 } })).toEqual({ a: 2, b: 3 });
    expect(plan(10, { a: { ...even, max: 2 }, b: even })).toEqual({ a: 2, b: 8 });
  });

  test('stay where they run unless they are to be rebalanced', () => {
    const both = { a: even, b: even };
    expect(plan(6, both, { a: 6 }, false)).toEqual({ a: 6, b: 0 });
    expect(plan(6, both, { a: 6 }, true)).toEqual({ a: 3, b: 3 });
    // What is new goes where less is than its due.
    expect(plan(8, both, { a: 6 }, false)).toEqual({ a: 6, b: 2 });
    expect(plan(20, both, { a: 6 }, false)).toEqual({ a: 10, b: 10 });
    expect(plan(60, { ...both, c: even }, { c: 40 }, false)).toEqual({ a: 10, b: 10, c: 40 });
    expect(plan(4, both, { a: 6 }, false)).toEqual({ a: 4, b: 0 });
  });

  test('go nowhere without weight, but for the least', () => {
    expect(plan(5, { a: { min: 1, max: null, weight: 0 }, b: { min: 0, max: null, weight: 0 } })).toEqual({
      a: 1,
      b: 0,
    });
  });

  const preference = fc
    .record({ min: fc.nat(8), more: fc.option(fc.nat(8)), weight: fc.nat(5) })
    .map(({ min, more, weight }): Preference => ({ min, max: more === null ? null : min + more, weight }));
  const distribution = fc.record({
    replicas: fc.nat(60),
    preferences: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e'), preference, { minKeys: 1 }),
    current: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'gone'), fc.nat(30)),
    rebalance: fc.boolean(),
    key: fc.string({ maxLength: 5 }),
  });

  test('never exceed what is wanted or a limit, and leave none out while there is a place', () => {
    fc.assert(
      fc.property(distribution, (given) => {
        const { replicas, preferences } = given;
        const result = distribute(given);
        const sum = Object.values(result).reduce((total, each) => total + each, 0);
        expect(Object.keys(result).sort()).toEqual(Object.keys(preferences).sort());
        expect(sum).toBeLessThanOrEqual(replicas);
        const least = Object.values(preferences).reduce((total, { min }) => total + min, 0);
        for (const [cluster, { min, max }] of Object.entries(preferences)) {
          expect(result[cluster]).toBeGreaterThanOrEqual(least <= replicas ? min : 0);
          if (max !== null) expect(result[cluster]).toBeLessThanOrEqual(max);
        }
        const hasPlace = Object.entries(preferences).some(
          ([cluster, { max, weight }]) => weight > 0 && (max === null || result[cluster]! < max),
        );
        if (hasPlace) expect(sum).toBe(replicas);
      }),
      { numRuns: 500 },
    );
  });

  test('move nothing once they are as planned', () => {
    fc.assert(
      fc.property(distribution, (given) => {
        const first = distribute(given);
        for (const rebalance of [given.rebalance, false])
          expect(distribute({ ...given, rebalance, current: first })).toEqual(first);
      }),
      { numRuns: 500 },
    );
  });
});
