import { expect, test } from 'vitest';
import { haup } from './fake.ts';

const member = {
  ...{ name: 'alpha', status: 'Ready', version: 'v1.37.1', region: 'eu', zone: 'eu-1' },
  ...{ joined: '2026-01-01T00:00:00Z', problems: [], problemCount: 0 },
};
const settings = { federation: 'world', dnsProvider: 'route53', ttl: 180, problems: [], members: [member] };

test('a member is told what leads its pods to the nearest shard', async () => {
  const engine = { federationStatus: async () => ({ ...settings, dnsZone: 'example.com.' }) };
  const argv = ['federation', 'dns-config', 'alpha', '--name-servers', '10.0.0.5,10.0.1.5:54'];
  const { code, out } = await haup(argv, { engine });
  expect(code).toBe(0);
  expect(out).toContain('{1}.{2}.world.svc.eu-1.eu.example.com\n');
  expect(out).toContain('forward . 10.0.0.5 10.0.1.5:54\n');
});

test('whoever is no member, and a federation without names, are refused', async () => {
  const without = { federationStatus: async () => ({ ...settings, dnsZone: null }) };
  const engine = { federationStatus: async () => ({ ...settings, dnsZone: 'example.com.' }) };
  expect((await haup(['federation', 'dns-config', 'beta'], { engine })).err).toContain(
    'no member of world named',
  );
  expect((await haup(['federation', 'dns-config', 'alpha'], { engine: without })).err).toContain(
    'no DNS zone',
  );
});

test('CoreDNS needs an etcd of its own', async () => {
  const argv = [
    'federation',
    'init',
    'world',
    '--provider',
    'local',
    '--dns-zone',
    'example.com.',
    '--dns-provider',
    'coredns',
  ];
  const { code, err } = await haup(argv);
  expect(code).toBe(2);
  expect(err).toContain('--dns-etcd is missing');
});
