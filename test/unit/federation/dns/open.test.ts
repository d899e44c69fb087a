import { expect, test } from 'vitest';
import { DNS_PROVIDERS, openZone } from '../../../../src/federation/dns/open.ts';
import { parseTarget } from '../../../../src/federation/dns/target.ts';

test('what lies in a federation says where its records are kept', () => {
  const endpoints = ['https://10.0.0.5:2379'];
  expect(parseTarget('coredns', { endpoints })).toEqual({ provider: 'coredns', endpoints });
  expect(parseTarget('route53', {})).toEqual({ provider: 'route53' });
  expect(() => parseTarget('coredns', {})).toThrow('the settings of the DNS provider "coredns": endpoints');
  expect(() => parseTarget('bind', {})).toThrow('"bind"');
});

test('every provider opens without a call, in a zone with its final dot only', async () => {
  expect(DNS_PROVIDERS).toEqual(['coredns', 'route53', 'clouddns']);
  await expect(openZone('example.com', { provider: 'route53' })).rejects.toThrow('has no final dot');
  for (const target of [
    { provider: 'coredns', endpoints: ['https://10.0.0.5:2379'] },
    { provider: 'route53' },
    { provider: 'clouddns' },
  ] as const)
    (await openZone('example.com.', target)).close();
});
