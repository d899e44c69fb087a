import { expect, test } from 'vitest';
import { isAhead } from '../../../../src/util/text/clock-difference.ts';

test.each([
  ['2026-11-26T00:00:00Z', false],
  ['2026-11-26T00:10:00Z', false],
  ['2026-11-26T00:10:01Z', true],
  ['2026-99-99T00:00:00Z', true],
])('%s is of a future: %s', (moment, expected) => {
  expect(isAhead(moment, Date.UTC(2026, 10, 26))).toBe(expected);
});
