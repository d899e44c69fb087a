import { expect, test } from 'vitest';
import { ProviderError } from '../../../../src/providers/errors.ts';
import { canonicalCidrs } from '../../../../src/providers/shared/cidrs.ts';

test.each([
  ['10.1.2.3', '10.1.2.3/32'],
  ['10.1.2.3/8', '10.0.0.0/8'],
  ['198.51.100.77/26', '198.51.100.64/26'],
  ['1.2.3.4/0', '0.0.0.0/0'],
  ['255.255.255.255/1', '128.0.0.0/1'],
  ['2001:DB8::/32', '2001:db8::/32'],
  ['2001:db8::1/64', '2001:db8::/64'],
  ['2001:db8:0:0:0:0:0:1', '2001:db8::1/128'],
  // A single group of zeros is written (hashicorp/terraform-provider-aws#15982).
  ['2001:aaaa:bbbb::cccc:dddd:fe2b:7e9f/128', '2001:aaaa:bbbb:0:cccc:dddd:fe2b:7e9f/128'],
  ['2001:db8:ffff:ffff::/35', '2001:db8:e000::/35'],
  ['ffff::1/0', '::/0'],
  ['::ffff:192.0.2.1/120', '::ffff:c000:200/120'],
])('%s is kept as %s', (given, kept) => {
  expect(canonicalCidrs([given, kept])).toEqual([kept]);
});

test.each([
  'fe80::1%eth0/64',
  '2001:db8::/129',
  '10.0.0.0/8/8',
  '10.1.2',
  '10.1.2.3/33',
  '10.1.2.3/x',
  'example.com',
  '',
  '1.2.3.4/-1',
  '10.1.2.3/',
])('%s is refused', (given) => {
  expect(() => canonicalCidrs([given])).toThrow(ProviderError);
});
