import { expect, test } from 'vitest';
import { parseDomain, parseFederationName, parseTtl } from '../../../../src/federation/dns/settings.ts';

test('a zone without its final dot is refused with the name that is meant', () => {
  expect(() => parseDomain('example.com')).toThrow('the DNS zone "example.com" has no final dot');
  expect(parseDomain('Example.COM.')).toBe('example.com.');
  for (const bad of ['.', 'com.', 'a..b.', '-a.com.', 'exa mple.com.'])
    expect(() => parseDomain(bad), bad).toThrow('is not the name of a DNS zone');
});

test('a time to live below ten seconds is refused', () => {
  expect(parseTtl(10)).toBe(10);
  for (const bad of [9, 0, 1.5, Number.NaN]) expect(() => parseTtl(bad)).toThrow('it is 10 at least');
});

test('a federation is called by one label that does not divide names', () => {
  expect(parseFederationName('fed')).toBe('fed');
  for (const bad of ['svc', 'any', 'a.b', 'Fed', '-a'])
    expect(() => parseFederationName(bad)).toThrow('cannot be called');
});
