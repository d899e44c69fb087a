import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatIp, isWithin, overlap, parseCidr, parseIp } from '../../../src/util/ipv4.ts';

test('every address survives being read and written', () => {
  fc.assert(
    fc.property(fc.ipV4(), (ip) => {
      expect(formatIp(parseIp(ip))).toBe(ip);
    }),
  );
});

test('what is not an address is refused', () => {
  for (const text of ['', '1.2.3', '1.2.3.4.5', '256.1.1.1', '1.2.3.x', '-1.2.3.4', '1.2.3.4 ']) {
    expect(() => parseIp(text)).toThrow(RangeError);
  }
  for (const text of ['1.2.3.4/33', '1.2.3.4/', '1.2.3.4/x'])
    expect(() => parseCidr(text)).toThrow(RangeError);
});

test('a range begins at its network address and has its size', () => {
  expect(parseCidr('198.18.3.77/24')).toEqual({ first: parseIp('198.18.3.0'), size: 256 });
  expect(parseCidr('10.0.0.1')).toEqual({ first: parseIp('10.0.0.1'), size: 1 });
  expect(parseCidr('0.0.0.0/0').size).toBe(2 ** 32);
});

test('two ranges overlap exactly when one contains the other’s beginning', () => {
  const overlaps = (a: string, b: string) => overlap(parseCidr(a), parseCidr(b));
  expect(overlaps('198.18.0.0/15', '198.19.7.0/24')).toBe(true);
  expect(overlaps('198.18.0.0/24', '198.18.1.0/24')).toBe(false);
  expect(overlaps('198.18.1.0/24', '198.18.0.0/23')).toBe(true);
});

test('a range is within another when all of it is', () => {
  const within = (a: string, b: string) => isWithin(parseCidr(a), parseCidr(b));
  expect(within('10.64.255.0/24', '10.64.0.0/16')).toBe(true);
  expect(within('10.64.0.0/16', '10.64.0.0/16')).toBe(true);
  expect(within('10.0.0.0/8', '10.64.0.0/16')).toBe(false);
  expect(within('10.65.0.0/24', '10.64.0.0/16')).toBe(false);
});
