import { expect, test } from 'vitest';
import { shared } from '../../../src/util/shared.ts';

/** A question whose answers are given by hand: each is the number of times that it was asked. */
function question() {
  const answers: { give(): void; fail(): void }[] = [];
  const ask = shared(
    (about) =>
      new Promise<string>((resolve, reject) => {
        const count = answers.length + 1;
        answers.push({
          give: () => resolve(`${about} ${count}`),
          fail: () => reject(new Error(`${about} ${count}`)),
        });
      }),
  );
  return { ask, answers };
}

test('whoever asks while an answer is on its way shares the next one, which is of after the question', async () => {
  const { ask, answers } = question();
  const [first, second, third] = [ask('x'), ask('x'), ask('x')];
  expect(answers).toHaveLength(1);
  answers[0]!.give();
  expect(await first).toBe('x 1');
  await Promise.resolve();
  const fourth = ask('x');
  answers[1]!.give();
  expect(await Promise.all([second, third])).toEqual(['x 2', 'x 2']);
  await Promise.resolve();
  answers[2]!.give();
  expect(await fourth).toBe('x 3');
});

test('a question that nobody is waiting for is asked at once, also after one that failed; others are none of its business', async () => {
  const { ask, answers } = question();
  const [failing, after, other] = [ask('x'), ask('x'), ask('y')];
  expect(answers).toHaveLength(2);
  answers[0]!.fail();
  await expect(failing).rejects.toThrow('x 1');
  answers[1]!.give();
  expect(await other).toBe('y 2');
  answers[2]!.give();
  expect(await after).toBe('x 3');
  const fresh = ask('x');
  expect(answers).toHaveLength(4);
  answers[3]!.give();
  expect(await fresh).toBe('x 4');
});
