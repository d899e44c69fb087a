import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  GIVE_UP_MS,
  type HeldLease,
  LEASE_MS,
  leaseHolder,
  RENEWAL_MS,
  takeLease,
} from '../../../../src/state/bucket/lease.ts';
import { BusyError } from '../../../../src/state/errors.ts';
import { standingClock } from '../../../support/lease-clock.ts';
import { type MemoryBucket, type Mishap, memoryBucket } from '../../../support/memory-objects.ts';

const KEY = 'locks/demo.json';
const take = (bucket: MemoryBucket, doing = 'haup repair', clock = standingClock()): Promise<HeldLease> =>
  takeLease(bucket, KEY, 'cluster demo', doing, clock);

describe('a lease', () => {
  it('is one’s at a time: the other hears who has it, since when, doing what, and when it ends', async () => {
    const bucket = memoryBucket();
    const lease = await take(bucket, 'haup add-replica');
    bucket.pass(20_000);
    const error = await take(bucket).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(BusyError);
    expect((error as BusyError).holder).toMatchObject({ doing: 'haup add-replica', pid: process.pid });
    expect((error as BusyError).advice).toMatch(/ends within 40 s/);
    expect(await leaseHolder(bucket, KEY)).toMatchObject({ doing: 'haup add-replica' });
    await lease.release();
    expect(await leaseHolder(bucket, KEY)).toBeNull();
    expect((await take(bucket)).fence).toBe(lease.fence + 1);
  });

  it('is taken over after its time by the bucket’s clock, and not a moment before', async () => {
    const bucket = memoryBucket();
    const first = await take(bucket);
    bucket.pass(LEASE_MS - 1000);
    await expect(take(bucket)).rejects.toBeInstanceOf(BusyError);
    bucket.pass(1000);
    expect((await take(bucket)).fence).toBe(first.fence + 1);
  });

  it('is kept by renewing it', async () => {
    const bucket = memoryBucket();
    const clock = standingClock();
    const lease = await take(bucket, 'haup create', clock);
    for (let beat = 0; beat < 30; beat++) {
      bucket.pass(RENEWAL_MS);
      await clock.pass(RENEWAL_MS);
    }
    await expect(take(bucket)).rejects.toBeInstanceOf(BusyError);
    expect(lease.lost.aborted).toBe(false);
  });

  it('looks different after each renewal, so that nobody writes over what was renewed', async () => {
    const bucket = memoryBucket();
    const clock = standingClock();
    await take(bucket, 'haup create', clock);
    const before = bucket.texts.get(KEY);
    await clock.pass(RENEWAL_MS);
    expect(bucket.texts.get(KEY)).not.toBe(before);
  });

  it('tells its holder when somebody has taken it over', async () => {
    const bucket = memoryBucket();
    const clock = standingClock();
    const slept = await take(bucket, 'haup create', clock);
    bucket.pass(LEASE_MS); // the holder's machine was suspended
    const next = await take(bucket);
    await clock.pass(RENEWAL_MS);
    expect(slept.lost.reason).toMatchObject({
      kind: 'conflict',
      message: expect.stringMatching(/another haup has taken it over/),
    });
    await slept.release();
    await expect(take(bucket)).rejects.toBeInstanceOf(BusyError);
    await next.release();
  });

  it('is given up by its holder before anybody else may take it, when the bucket is away', async () => {
    let away = false;
    const bucket = memoryBucket(() => (away ? 'refused' : 'none'));
    const clock = standingClock();
    const lease = await take(bucket, 'haup create', clock);
    away = true;
    await clock.pass(GIVE_UP_MS - RENEWAL_MS);
    expect(lease.lost.aborted).toBe(false);
    await clock.pass(2 * RENEWAL_MS);
    expect(lease.lost.aborted).toBe(true);
    expect(GIVE_UP_MS + RENEWAL_MS).toBeLessThan(LEASE_MS);
  });

  it('is known as one’s own when the reply to taking or renewing it was lost', async () => {
    let fate: Mishap = 'reply lost';
    const bucket = memoryBucket((call) => (call === 'put' ? fate : 'none'));
    const clock = standingClock();
    const lease = await take(bucket, 'haup create', clock);
    await clock.pass(3 * RENEWAL_MS);
    expect(lease.lost.aborted).toBe(false);
    fate = 'none';
    await lease.release();
    expect(await leaseHolder(bucket, KEY)).toBeNull();
  });

  it('of a cluster that is gone leaves nothing', async () => {
    const bucket = memoryBucket();
    const lease = await take(bucket);
    await lease.release('gone');
    expect([...bucket.texts]).toEqual([]);
  });

  it.each(['not JSON', '', '{"format":"haup-lease","version":2}', '{}'])(
    'that nobody can read is left to whoever wrote it: %j',
    async (text) => {
      const bucket = memoryBucket();
      await bucket.put(KEY, text, null);
      bucket.pass(10 * LEASE_MS);
      await expect(take(bucket)).rejects.toMatchObject({ kind: 'foreign', message: /locks\/demo\.json/ });
      expect(bucket.texts.get(KEY)).toBe(text);
    },
  );

  it.each([
    ['another version', (over: string | null) => over !== null],
    ['there is none yet', (over: string | null) => over === null],
  ])('is not had of a bucket that writes although the condition is not met: %s', async (_, ignores) => {
    const bucket = memoryBucket();
    const careless = {
      ...bucket,
      put: async (key: string, text: string, over: string | null) =>
        bucket.put(key, text, ignores(over) ? ((await bucket.get(key))?.version ?? null) : over),
    };
    await expect(takeLease(careless, KEY, 'cluster demo', 'haup create')).rejects.toMatchObject({
      kind: 'unsupported',
      advice: expect.stringMatching(/If-Match, If-None-Match/),
    });
    expect([...bucket.texts]).toEqual([]);
  });

  it('of a bucket that takes no write is not tried for for ever', async () => {
    const bucket = memoryBucket();
    const stubborn = { ...bucket, put: async () => null };
    await expect(takeLease(stubborn, KEY, 'cluster demo', 'haup repair')).rejects.toMatchObject({
      kind: 'unsupported',
    });
  });
});

it('over a thousand hand-overs, with lost replies and sleeping holders, is never two’s by fencing number', async () => {
  let handOvers = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          who: fc.nat(3),
          what: fc.constantFrom('take', 'release', 'sleep', 'beat', 'beat'),
          fate: fc.constantFrom<Mishap>('none', 'none', 'none', 'refused', 'reply lost'),
        }),
        { minLength: 30, maxLength: 60 },
      ),
      async (acts) => {
        let fate: Mishap = 'none';
        const bucket = memoryBucket(() => fate);
        const clocks = [0, 1, 2, 3].map(() => standingClock());
        const leases: (HeldLease | null)[] = [null, null, null, null];
        const slept = new Set<number>();
        let newest = 0;
        for (const act of acts) {
          fate = act.fate;
          const lease = leases[act.who] ?? null;
          if (act.what === 'take' && lease === null) {
            const got = await take(bucket, `haup ${act.who}`, clocks[act.who]).catch(() => null);
            if (got) {
              expect(got.fence).toBeGreaterThan(newest);
              newest = got.fence;
              handOvers++;
              // Whoever had it and was awake all the time knew before that it has it no more.
              for (const [other, held] of leases.entries())
                if (held && !slept.has(other)) expect(held.lost.aborted).toBe(true);
              slept.delete(act.who);
            }
            leases[act.who] = got;
          } else if (act.what === 'release') {
            await lease?.release();
            leases[act.who] = null;
          } else {
            // All clocks run but that of a machine that sleeps: it wakes with its next beat.
            bucket.pass(RENEWAL_MS);
            if (act.what === 'sleep') slept.add(act.who);
            for (const [other, clock] of clocks.entries())
              if (act.what === 'beat' || other !== act.who) await clock.pass(RENEWAL_MS);
          }
        }
      },
    ),
    { numRuns: 700, seed: 11 },
  );
  expect(handOvers).toBeGreaterThan(1000);
});
