import { expect, test, vi } from 'vitest';
import { DnsError } from '../../../../src/federation/dns/errors.ts';
import { runDns } from '../../../../src/federation/dns/run.ts';
import type { Shard } from '../../../../src/federation/model/shard.ts';
import { MemoryWriter } from '../../../support/memory-zone.ts';

const settings = { federation: 'fed', domain: 'example.com.', ttl: 60, owner: 'uid' };
const shard = (address: string): Shard => ({
  service: { name: 'web', namespace: 'ns' },
  ...{ cluster: 'a', region: 'eu', zone: 'eu-1', addresses: [address], health: 'healthy' },
});

/** Time stands until a test lets a sleep end. */
function paused() {
  const sleeps: { ms: number; end: () => void }[] = [];
  return {
    sleeps,
    clock: {
      now: () => 0,
      sleep: (ms: number, signal?: AbortSignal) =>
        new Promise<void>((resolve, reject) => {
          sleeps.push({ ms, end: resolve });
          if (signal?.aborted) reject(signal.reason);
          signal?.addEventListener('abort', () => reject(signal.reason));
        }),
    },
  };
}

test('each change of the shards is written; a refusal is told, and tried again later', async () => {
  const writer = new MemoryWriter();
  const { zone } = writer;
  const { clock, sleeps } = paused();
  const log: string[] = [];
  const run = runDns(settings, writer, {
    clock,
    log: (line) => log.push(line),
    lookup: async () => ['192.0.2.8'],
  });
  const top = () =>
    zone.sets.find(({ name, type }) => name === 'web.ns.fed.svc.example.com.' && type === 'A')?.values;
  await vi.waitFor(() => expect(sleeps).toHaveLength(1));
  expect(zone.sets).toEqual([]);

  run.shards([shard('192.0.2.1')]);
  await vi.waitFor(() => expect(top()).toEqual(['192.0.2.1']));
  run.shards([shard('lb.example.net')]);
  await vi.waitFor(() => expect(top()).toEqual(['192.0.2.8']));

  writer.failure = new DnsError('denied', 'no right to change it');
  run.shards([shard('192.0.2.2')]);
  await vi.waitFor(() => expect(run.problems()).toEqual(['no right to change it']));
  await vi.waitFor(() => expect(sleeps.at(-1)!.ms).toBe(1_000));
  sleeps.at(-1)!.end();
  await vi.waitFor(() => expect(sleeps.at(-1)!.ms).toBe(2_000));
  expect(log.filter((line) => line === 'dns: no right to change it')).toHaveLength(1);
  writer.failure = null;
  sleeps.at(-1)!.end();
  await vi.waitFor(() => expect(top()).toEqual(['192.0.2.2']));
  await vi.waitFor(() => expect(run.problems()).toEqual([]));
  await run.close();
  expect(writer.closed).toBe(true);
});
