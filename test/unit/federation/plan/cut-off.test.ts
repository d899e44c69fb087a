import { describe, expect, test } from 'vitest';
import { type CutOff, cutOff, isDoubtful } from '../../../../src/federation/plan/cut-off.ts';
import { type Health, observed, unseen } from '../../../../src/federation/plan/health.ts';

/** Three members, asked every two seconds, half a second apart; seconds in which one answers are said by name. */
function world(answers: (name: string, second: number) => boolean) {
  const health: Record<string, Health> = { a: unseen(0), b: unseen(0), c: unseen(0) };
  const names = Object.keys(health);
  let cut: CutOff | null = null;
  const seen: string[] = [];
  return {
    /** What each is shown as after so many seconds: each that was different at some time, in order. */
    until(seconds: number): readonly string[] {
      for (let at = seen.length * 500; at < seconds * 1_000; at += 500) {
        for (const [index, name] of names.entries()) {
          const isAsked = at % 2_000 === index * 500;
          health[name] = observed(health[name]!, isAsked ? answers(name, at / 1_000) : null, at);
          cut = cutOff(cut, Object.values(health), at);
        }
        const all = Object.values(health);
        const shown = names.map((name) => {
          const others = all.filter((other) => other !== health[name]);
          return isDoubtful(health[name]!, others, cut) ? 'unseen' : health[name]!.state;
        });
        seen.push(shown.join(' '));
      }
      return seen.filter((one, index) => one !== seen[index - 1]);
    },
    seen,
  };
}

describe('a member that is lost', () => {
  test('is so once another one has answered since', () => {
    const shown = world((name, second) => name !== 'b' || second < 20).until(60);
    expect(shown.slice(-3)).toEqual(['ready ready ready', 'ready unseen ready', 'ready lost ready']);
  });

  test('is only unseen while nobody answers, on the way down and up, whatever the order', () => {
    const back = { a: 100, b: 102.5, c: 111 } as Record<string, number>;
    const { seen, until } = world((name, second) => second < 20 || second >= back[name]!);
    until(300);
    expect(seen.filter((one) => one.includes('lost'))).toEqual([]);
    expect(seen).toContain('unseen unseen unseen');
    expect(seen).toContain('ready unseen unseen');
    expect(seen.at(-1)).toBe('ready ready ready');
  });

  test('and does not come back with the others is lost after a while, and one that was lost before stays so', () => {
    const after = world((name, second) => second < 20 || (second >= 100 && name !== 'c'));
    after.until(160);
    expect(after.seen.at(-1)).toBe('ready ready unseen');
    after.until(200);
    expect(after.seen.at(-1)).toBe('ready ready lost');
    const before = world((name, second) => (name === 'c' ? second < 20 : second < 60 || second >= 100));
    before.until(200);
    expect(before.seen).toContain('unseen unseen lost');
    expect(before.seen.slice(80).every((one) => one.endsWith('lost'))).toBe(true);
  });

  test('is so as soon as ever where it is lost after the others have come back', () => {
    const { seen, until } = world(
      (name, second) => second < 20 || (second >= 100 && !(name === 'c' && second > 120)),
    );
    until(135);
    expect(seen.at(-1)).toBe('ready ready lost');
  });

  test('is so also while another one answers that does not count again yet', () => {
    // a is lost for the sixth time of late, and takes a minute to count again: b and c are lost while it answers.
    const isAway = (second: number) => (second - 20) % 80 < 13 && second >= 20 && second < 440;
    const { seen, until } = world((name, second) => (name === 'a' ? !isAway(second) : second < 440));
    until(470);
    expect(seen.at(-1)).toMatch(/^(?!ready).* lost lost$/);
  });

  test('twice in a row is not taken for gone by the second time', () => {
    const away = (second: number) => (second >= 20 && second < 100) || (second >= 110 && second < 140);
    const { seen, until } = world(
      (name, second) => !away(second) && !(name === 'c' && second >= 20 && second < 150),
    );
    until(300);
    expect(seen.filter((one) => one.includes('lost'))).toEqual([]);
    expect(seen.at(-1)).toBe('ready ready ready');
  });
});
