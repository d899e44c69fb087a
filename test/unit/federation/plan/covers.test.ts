import { describe, expect, test } from 'vitest';
import { covers } from '../../../../src/federation/plan/covers.ts';

describe('what is wanted', () => {
  test.each([
    ['is there with more beside it', { a: 1, b: { c: 2, d: 3 } }, { b: { c: 2 } }, true],
    ['is another', { a: 1 }, { a: 2 }, false],
    ['is missing', { a: 1 }, { b: 1 }, false],
    ['is empty, and nobody wrote it down', { a: 1 }, { b: {}, c: [] }, true],
    [
      'is in a list of objects, with defaults',
      { l: [{ n: 'x', p: 1, d: true }] },
      { l: [{ n: 'x', p: 1 }] },
      true,
    ],
    ['is in a list to which others added', { l: [{ n: 'y' }, { n: 'x' }] }, { l: [{ n: 'x' }] }, true],
    ['is a list of words in another order', { l: ['a', 'b'] }, { l: ['b', 'a'] }, false],
    ['is a list of words that grew', { l: ['a', 'b'] }, { l: ['a'] }, false],
    ['is nothing at all there', null, { a: 1 }, false],
  ])('%s', (_, actual, wanted, expected) => {
    expect(covers(actual, wanted)).toBe(expected);
  });
});
