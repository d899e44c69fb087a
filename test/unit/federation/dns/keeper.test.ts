import { expect, test } from 'vitest';
import { DnsError } from '../../../../src/federation/dns/errors.ts';
import { keepZone } from '../../../../src/federation/dns/keeper.ts';
import type { Shard } from '../../../../src/federation/model/shard.ts';
import { MemoryWriter } from '../../../support/memory-zone.ts';

const settings = { federation: 'fed', domain: 'example.com.', ttl: 60, owner: 'uid' };
const shard = (address: string): Shard => ({
  service: { name: 'web', namespace: 'ns' },
  cluster: 'a',
  region: 'eu',
  zone: 'eu-1',
  addresses: [address],
  health: 'healthy',
});

function kept() {
  const writer = new MemoryWriter();
  const time = { now: 0 };
  const keeper = keepZone(settings, writer, { clock: { now: () => time.now } });
  return { writer, zone: writer.zone, time, keeper };
}

test('the zone is read once, and again after ten minutes', async () => {
  const { zone, writer, time, keeper } = kept();
  expect((await keeper.turn([shard('192.0.2.1')])).changed).toHaveLength(3);
  expect((await keeper.turn([shard('192.0.2.2')])).changed).toHaveLength(3);
  expect((await keeper.turn([shard('192.0.2.2')])).changed).toHaveLength(0);
  expect(writer.reads).toBe(1);
  zone.sets = zone.sets.filter(({ type }) => type !== 'A');
  time.now = 600_000;
  expect((await keeper.turn([shard('192.0.2.2')])).changed).toHaveLength(3);
  expect(writer.reads).toBe(2);
});

test("somebody else's change in between is read, and the turn made once more", async () => {
  const { zone, writer, keeper } = kept();
  await keeper.turn([shard('192.0.2.1')]);
  zone.sets = zone.sets.map((set) => (set.type === 'A' ? { ...set, values: ['198.51.100.1'] } : set));
  expect((await keeper.turn([shard('192.0.2.2')])).changed).toHaveLength(3);
  expect(writer.reads).toBe(2);
});

test('after a failure nothing is taken for known', async () => {
  const { writer, keeper } = kept();
  await keeper.turn([shard('192.0.2.1')]);
  writer.failure = new DnsError('trouble', 'no answer');
  await expect(keeper.turn([shard('192.0.2.2')])).rejects.toThrow('no answer');
  writer.failure = null;
  expect((await keeper.turn([shard('192.0.2.2')])).changed).toHaveLength(3);
  expect(writer.reads).toBe(2);
});
