import { describe, expect, test } from 'vitest';
import { judgeHostKey, pinAfter } from '../../../src/ssh/hostkey.ts';
import { makeKeyPair } from '../../../src/ssh/keys.ts';

const blob = (line: string) => Buffer.from(line.split(' ')[1]!, 'base64');
const [one, two, other] = [makeKeyPair().publicKey, makeKeyPair().publicKey, makeKeyPair().publicKey];

describe('a pinned host key', () => {
  test('until it has been seen once, another key means "not yet"; afterwards it is refused', () => {
    expect(judgeHostKey({ current: one, seen: false }, blob(other))).toBe('not-yet');
    expect(judgeHostKey({ current: one, seen: true }, blob(other))).toBe('refuse');
    expect(judgeHostKey({ current: one, seen: false }, blob(one))).toBe('accept');
  });

  test('while the machine changes its key, both keys are accepted and no third', () => {
    const pin = { current: one, next: two, seen: true };
    expect(judgeHostKey(pin, blob(one))).toBe('accept');
    expect(judgeHostKey(pin, blob(two))).toBe('accept');
    expect(judgeHostKey(pin, blob(other))).toBe('refuse');
  });

  test('the next key becomes current when it is shown, and the old one is refused from then on', () => {
    const after = pinAfter({ current: one, next: two, seen: true }, blob(two));
    expect(after).toEqual({ current: two, seen: true, own: true });
    expect(judgeHostKey(after, blob(one))).toBe('refuse');
    const still = { current: one, next: two, seen: true };
    expect(pinAfter(still, blob(one))).toBe(still);
  });
});
