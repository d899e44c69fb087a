import { expect, test } from 'vitest';
import { remembering } from '../../../src/util/remembering.ts';

function counting(many: number) {
  const asked: string[] = [];
  const ask = remembering(many, (text: string) => {
    asked.push(text);
    return text === '' ? null : { length: text.length };
  });
  return { asked, ask };
}

test('what was made of a text is given again, also where that is nothing', () => {
  const { asked, ask } = counting(2);
  expect(ask('abc')).toBe(ask('abc'));
  expect([ask(''), ask('')]).toEqual([null, null]);
  expect(asked).toEqual(['abc', '']);
});

test('of so many texts, and no more, the ones that were asked about last', () => {
  const { asked, ask } = counting(2);
  for (const text of ['a', 'b', 'a', 'c', 'a', 'b']) ask(text);
  expect(asked).toEqual(['a', 'b', 'c', 'b']);
});
