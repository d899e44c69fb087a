import { expect, test } from 'vitest';
import { cacheFolder } from '../../../../src/artifacts/cache.ts';
import { open } from '../../../../src/providers/local/index.ts';
import { dnsLabel, linkName } from '../../../../src/providers/local/names.ts';
import type { ClusterIdentity } from '../../../../src/providers/provider.ts';

const cluster: ClusterIdentity = {
  name: 'demo',
  uid: '0123456789abcdef',
  region: 'local',
  zone: 'local-a',
  apiPort: 443,
};
const openWith = (over: Partial<ClusterIdentity>, settings = {}) =>
  open({
    cluster: { ...cluster, ...over },
    settings,
    signal: new AbortController().signal,
    progress: () => {},
    binariesFolder: '/nonexistent',
    cacheFolder: cacheFolder(process.env),
    environment: process.env,
  });

test('a DNS label passes; whatever could mean something to a path, a shell or a rule does not', () => {
  for (const good of ['a', 'a-b', '0', 'demo-master-x1z', 'x'.repeat(63)])
    expect(dnsLabel('name', good)).toBe(good);
  const bad = [
    '',
    '.',
    '..',
    'a/b',
    '../a',
    'a b',
    'A',
    'ä',
    '-a',
    'a-',
    'a_b',
    'a;b',
    '$(id)',
    'a\n',
    'x'.repeat(64),
  ];
  for (const each of bad) expect(() => dnsLabel('name', each)).toThrow(/DNS label/);
});

test('a provider is not opened for an identity that is not one', () => {
  for (const name of ['..', 'a/b', 'x'.repeat(41)]) expect(() => openWith({ name })).toThrow(/DNS label/);
  for (const uid of ['', 'xyz', '0123456789ABCDEF', '../../../../../x'])
    expect(() => openWith({ uid })).toThrow(/uid/);
  for (const apiPort of [0, 65_536, 1.5, Number.NaN]) expect(() => openWith({ apiPort })).toThrow(/port/);
  expect(() => openWith({ region: 'a b' })).toThrow(/region/);
});

test('settings of other providers are refused, empty ones are not', () => {
  expect(() => openWith({}, { machineType: 'n2' })).toThrow(/machineType/);
  expect(() => openWith({}, { subnets: ['a'] })).toThrow(/subnets/);
  expect(openWith({}, { subnets: [], project: undefined }).name).toBe('local');
});

test('link names fit the kernel’s 15 characters and differ', () => {
  const names = new Set(Array.from({ length: 1000 }, (_, i) => linkName('haup', `cluster-${i}`)));
  expect(names.size).toBe(1000);
  for (const name of names) expect(name).toMatch(/^haup[0-9a-f]{11}$/);
});

test('the zones are four, in any region', async () => {
  expect(await openWith({ region: 'europe-west1' }).zones()).toEqual(
    ['a', 'b', 'c', 'd'].map((letter) => `europe-west1-${letter}`),
  );
});
