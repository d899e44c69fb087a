import { describe, expect, test } from 'vitest';
import { type Health, LOST_AFTER_MS, observed, unseen } from '../../../../src/federation/plan/health.ts';

/** Asked every two seconds. */
function asked(from: Health, answers: readonly boolean[], start: number): { health: Health; at: number } {
  let [health, at] = [from, start];
  for (const answer of answers) {
    at += 2_000;
    health = observed(health, answer, at);
  }
  return { health, at };
}

const silent = (times: number) => Array.from({ length: times }, () => false);
const well = (times: number) => Array.from({ length: times }, () => true);

describe('a member', () => {
  test('is unseen until it answers, and lost if it does not for ten seconds', () => {
    expect(observed(unseen(0), false, 9_999).state).toBe('unseen');
    expect(observed(unseen(0), true, 9_999).state).toBe('ready');
    expect(observed(unseen(0), false, LOST_AFTER_MS).state).toBe('lost');
  });

  test('keeps what it was for less than ten seconds without an answer', () => {
    const { health, at } = asked(unseen(0), [true, ...silent(4)], 0);
    expect(health.state).toBe('ready');
    expect(observed(health, null, at + 1_999).state).toBe('ready');
    expect(observed(health, null, at + 2_000).state).toBe('lost');
  });

  test('comes back once it has answered for two seconds', () => {
    const lost = asked(unseen(0), [true, ...silent(6)], 0);
    expect(asked(lost.health, well(1), lost.at).health.state).toBe('lost');
    expect(asked(lost.health, well(2), lost.at).health.state).toBe('ready');
    expect(asked(lost.health, [true, false, true], lost.at).health.state).toBe('lost');
  });

  test('takes longer to come back each time that it was lost of late', () => {
    let { health, at } = asked(unseen(0), [true, ...silent(6)], 0);
    const waits: number[] = [];
    for (let i = 0; i < 4; i += 1) {
      let answers = 0;
      while (health.state === 'lost') {
        ({ health, at } = asked(health, well(1), at));
        answers += 1;
      }
      waits.push((answers - 1) * 2);
      ({ health, at } = asked(health, silent(6), at));
    }
    expect(waits).toEqual([2, 4, 8, 16]);
  });

  test('is forgiven after ten minutes', () => {
    const lost = asked(unseen(0), [true, ...silent(6)], 0);
    const back = asked(lost.health, well(320), lost.at);
    expect(back.health.losses).toEqual([]);
  });
});
