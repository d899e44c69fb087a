import { expect, test } from 'vitest';
import { hostResolver } from '../../../../src/federation/dns/resolve.ts';
import type { Shard } from '../../../../src/federation/model/shard.ts';

const shard: Shard = {
  service: { name: 'web', namespace: 'ns' },
  cluster: 'a',
  region: 'eu',
  zone: 'eu-1',
  addresses: ['192.0.2.9', 'lb.example.net'],
  health: 'healthy',
};

test('host names become their addresses, asked for anew each minute, and kept for ten when nobody answers', async () => {
  let now = 0;
  let asked = 0;
  let answer: () => readonly string[] = () => ['192.0.2.2', '192.0.2.1'];
  const lookup = async () => {
    asked++;
    return answer();
  };
  const resolve = hostResolver(lookup, { now: () => now });
  const addresses = async () => (await resolve([shard]))[0]!.addresses;

  expect(await addresses()).toEqual(['192.0.2.1', '192.0.2.2', '192.0.2.9']);
  now = 59_000;
  await addresses();
  expect(asked).toBe(1);
  now = 60_000;
  answer = () => ['192.0.2.3'];
  expect(await addresses()).toEqual(['192.0.2.3', '192.0.2.9']);
  answer = () => {
    throw new Error('SERVFAIL');
  };
  now = 600_000;
  expect(await addresses()).toEqual(['192.0.2.3', '192.0.2.9']);
  now = 660_000;
  expect(await addresses()).toEqual(['192.0.2.9']);
});
