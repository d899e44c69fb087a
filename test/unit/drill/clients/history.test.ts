import { describe, expect, test } from 'vitest';
import {
  type CounterOperation,
  counterViolations,
  setViolations,
} from '../../../../src/drill/clients/history.ts';

type Kind = CounterOperation['kind'];
type Outcome = CounterOperation['outcome'];

function op(kind: Kind, value: number, began: number, ended: number, outcome: Outcome = 'acknowledged') {
  return { kind, value, began, ended, outcome };
}

describe('the check of a counter', () => {
  test('accepts what one after the other, or side by side in any order, can explain', () => {
    expect(counterViolations(0, [op('write', 1, 0, 1), op('read', 1, 2, 3), op('write', 2, 4, 5)])).toEqual(
      [],
    );
    expect(counterViolations(0, [op('write', 1, 0, 10), op('read', 0, 1, 9), op('read', 1, 1, 9)])).toEqual(
      [],
    );
  });

  test('accepts a write without an answer whether it happened or not', () => {
    const lost = op('write', 1, 0, 1, 'unknown');
    expect(counterViolations(0, [lost, op('read', 0, 2, 3)])).toEqual([]);
    expect(counterViolations(0, [lost, op('read', 1, 2, 3)])).toEqual([]);
    expect(counterViolations(0, [lost, op('write', 1, 2, 3)])).toEqual([]);
  });

  test('finds a stale read', () => {
    expect(counterViolations(0, [op('write', 1, 0, 1), op('read', 0, 2, 3)])).toEqual([
      'read 0 after 1: stale',
    ]);
    expect(counterViolations(0, [op('write', 1, 0, 9), op('read', 1, 1, 2), op('read', 0, 3, 4)])).toEqual([
      'read 0 after 1: stale',
    ]);
  });

  test('finds a lost update and a write that went back', () => {
    expect(counterViolations(0, [op('write', 1, 0, 5), op('write', 1, 1, 6)])[0]).toMatch(/lost update/);
    expect(counterViolations(0, [op('read', 4, 0, 1), op('write', 3, 2, 3)])).toContain(
      'wrote 3 after 4: lost',
    );
  });

  test('finds a value that came from nowhere, or before its write', () => {
    expect(counterViolations(0, [op('read', 7, 0, 1)])).toEqual(['read 7, which nobody had written']);
    expect(counterViolations(0, [op('read', 1, 0, 1), op('write', 1, 2, 3)])[0]).toMatch(/nobody/);
    expect(counterViolations(0, [op('write', 1, 0, 1, 'refused'), op('read', 1, 2, 3)])[0]).toMatch(/nobody/);
  });
});

describe('the check of a set', () => {
  const added = (
    key: string,
    began: number,
    ended: number,
    outcome: 'acknowledged' | 'unknown' = 'acknowledged',
  ) => ({
    key,
    began,
    ended,
    outcome,
  });
  const listed = (began: number, ended: number, ...keys: string[]) => ({ began, ended, keys: new Set(keys) });

  test('accepts an addition that a list beside it shows or not, and one without an answer', () => {
    expect(setViolations([added('a', 0, 9)], [listed(1, 2), listed(3, 4, 'a'), listed(10, 11, 'a')])).toEqual(
      [],
    );
    expect(setViolations([added('a', 0, 1, 'unknown')], [listed(2, 3)])).toEqual([]);
  });

  test('finds what was acknowledged and is missing, what vanished, and what came too early', () => {
    expect(setViolations([added('a', 0, 1)], [listed(2, 3)])[0]).toMatch(/acknowledged and then not/);
    expect(setViolations([added('a', 0, 9)], [listed(1, 2, 'a'), listed(3, 4)])[0]).toMatch(
      /listed and then not/,
    );
    expect(setViolations([added('a', 5, 6)], [listed(1, 2, 'a')])[0]).toMatch(/before anybody/);
  });
});
