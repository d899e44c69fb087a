import { expect, test } from 'vitest';
import { DnsError } from '../../../../src/federation/dns/errors.ts';
import { keepZone } from '../../../../src/federation/dns/keeper.ts';
import type { DnsWriter } from '../../../../src/federation/dns/writer.ts';
import type { Shard } from '../../../../src/federation/model/shard.ts';
import { MemoryZone } from '../../../support/memory-zone.ts';

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
  const zone = new MemoryZone();
  const counted = { reads: 0, now: 0, fail: null as DnsError | null };
  const writer: DnsWriter = {
    async read() {
      counted.reads++;
      return zone.sets;
    },
    async apply(changes) {
      if (counted.fail) throw counted.fail;
      zone.apply(changes);
    },
    settled: async () => {},
    close() {},
  };
  return { zone, counted, keeper: keepZone(settings, writer, { clock: { now: () => counted.now } }) };
}

test('the zone is read once, and again after ten minutes', async () => {
  const { zone, counted, keeper } = kept();
  expect((await keeper.turn([shard('192.0.2.1')])).changed).toHaveLength(3);
  expect((await keeper.turn([shard('192.0.2.2')])).changed).toHaveLength(3);
  expect((await keeper.turn([shard('192.0.2.2')])).changed).toHaveLength(0);
  expect(counted.reads).toBe(1);
  zone.sets = zone.sets.filter(({ type }) => type !== 'A');
  counted.now = 600_000;
  expect((await keeper.turn([shard('192.0.2.2')])).changed).toHaveLength(3);
  expect(counted.reads).toBe(2);
});

test("somebody else's change in between is read, and the turn made once more", async () => {
  const { zone, counted, keeper } = kept();
  await keeper.turn([shard('192.0.2.1')]);
  zone.sets = zone.sets.map((set) => (set.type === 'A' ? { ...set, values: ['198.51.100.1'] } : set));
  expect((await keeper.turn([shard('192.0.2.2')])).changed).toHaveLength(3);
  expect(counted.reads).toBe(2);
});

test('after a failure nothing is taken for known', async () => {
  const { counted, keeper } = kept();
  await keeper.turn([shard('192.0.2.1')]);
  counted.fail = new DnsError('trouble', 'no answer');
  await expect(keeper.turn([shard('192.0.2.2')])).rejects.toThrow('no answer');
  counted.fail = null;
  expect((await keeper.turn([shard('192.0.2.2')])).changed).toHaveLength(3);
  expect(counted.reads).toBe(2);
});
