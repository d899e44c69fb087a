import { expect, it } from 'vitest';
import { PkiError } from '../../../src/pki/errors.ts';
import { canonicalSan, firstServiceIp, ipOctets } from '../../../src/pki/sans.ts';

it.each([
  ['10.96.0.0/12', '10.96.0.1'],
  ['10.100.3.7/12', '10.96.0.1'],
  ['192.168.255.0/24', '192.168.255.1'],
  ['10.0.0.4/31', '10.0.0.5'],
  ['fd00:10:96::/112', 'fd00:10:96::1'],
  ['2001:DB8:0:1::ffff/64', '2001:db8:0:1::1'],
])('the first address of %s is %s', (cidr, first) => {
  expect(firstServiceIp(cidr)).toBe(first);
});

it.each([
  '10.96.0.0',
  '10.96.0.0/32',
  '10.96.0.0/33',
  '10.96.0.0/',
  '10.96.0/12',
  'x/12',
  '10.0.0.0/-1',
  'fd00::/128',
  '',
])('%j is no service network', (cidr) => {
  expect(() => firstServiceIp(cidr)).toThrow(PkiError);
});

it('an address has one spelling and its octets', () => {
  expect(canonicalSan('FD00:0:0::1')).toBe('fd00::1');
  expect(canonicalSan('Demo.Example')).toBe('demo.example');
  expect(ipOctets('10.1.2.3')).toEqual(Buffer.from([10, 1, 2, 3]));
  expect(ipOctets('::1')).toEqual(Buffer.from([...Array<number>(15).fill(0), 1]));
});
