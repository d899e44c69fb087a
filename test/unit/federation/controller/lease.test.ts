import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { acquireLease } from '../../../../src/federation/controller/lease.ts';
import { type MemoryApi, memoryApi, type OnCall } from '../../../support/memory-api.ts';

const LEASE = '/apis/coordination.k8s.io/v1/namespaces/haup-federation/leases/federation-controller';
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const now = () => Date.now();

describe('the lease', () => {
  let server: MemoryApi;
  const told: AbortController[] = [];
  beforeEach(() => {
    vi.useFakeTimers();
    server = memoryApi();
  });
  afterEach(() => {
    for (const one of told) one.abort();
    vi.useRealTimers();
  });

  /** When it has it, and when it has lost it. */
  async function contend(holder: string, onCall?: OnCall) {
    const stop = new AbortController();
    told.push(stop);
    const seen: { since: number | null; until: number | null; release: () => Promise<void> } = {
      ...{ since: null, until: null, release: async () => {} },
    };
    void acquireLease(server.client(onCall), holder, stop.signal, now).then(
      ({ lost, release }) => {
        Object.assign(seen, { since: now(), release });
        lost.addEventListener('abort', () => (seen.until = now()));
      },
      () => {},
    );
    await pass(0);
    return { seen, stop };
  }

  const holder = () => server.get(LEASE)?.spec?.holderIdentity;
  const hangs = () =>
    new Promise<void>((_, reject) => setTimeout(() => reject(new Error('no answer')), 2_000));

  test('is one’s alone, as long as it is renewed', async () => {
    const { seen: a } = await contend('a');
    const { seen: b } = await contend('b');
    await pass(60_000);
    expect([a.since !== null, a.until, b.since]).toEqual([true, null, null]);
    expect(holder()).toBe('a');
  });

  test('is the next one’s at once when it is given back', async () => {
    const { seen: a } = await contend('a');
    const { seen: b } = await contend('b');
    await a.release();
    await pass(2_000);
    expect(b.since).not.toBeNull();
  });

  test.each([
    ['whoever is silent', () => hangs()],
    ['whose writes hang', (method: string) => (method === 'PUT' ? hangs() : undefined)],
    ['whoever is refused', () => Promise.reject(new Error('ECONNREFUSED'))],
  ] as [string, OnCall][])('of %s is lost before another one gets it', async (_, mishap) => {
    let away = false;
    const { seen: a } = await contend('a', (...call) => (away ? mishap(...call) : undefined));
    const { seen: b } = await contend('b');
    await pass(5_500);
    away = true;
    await pass(30_000);
    expect(a.until).not.toBeNull();
    expect(b.since).not.toBeNull();
    expect(b.since!).toBeGreaterThan(a.until!);
  });

  test('is lost to who has it by the server’s word', async () => {
    const { seen: a } = await contend('a');
    server.put(LEASE, { spec: { holderIdentity: 'b' } });
    await pass(2_000);
    expect(a.until).not.toBeNull();
    expect(holder()).toBe('b');
    await a.release();
    expect(holder()).toBe('b');
  });

  test('goes to one of two that ask at the same time', async () => {
    const contenders = await Promise.all([contend('a'), contend('b')]);
    await pass(5_000);
    expect(contenders.filter(({ seen }) => seen.since !== null)).toHaveLength(1);
  });

  test('is waited for until one is told to stop', async () => {
    await contend('a');
    const { seen: b, stop } = await contend('b');
    stop.abort();
    await pass(60_000);
    expect(b.since).toBeNull();
  });
});
