import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { z } from 'zod';
import { LEASE_MS, takeLease } from '../../../../src/state/bucket/lease.ts';
import { bucketStore } from '../../../../src/state/bucket/store.ts';
import { Failure } from '../../../../src/util/failure.ts';
import { standingClock } from '../../../support/lease-clock.ts';
import { damage, mangled } from '../../../support/mangled.ts';
import { memoryBucket } from '../../../support/memory-objects.ts';

// Many inputs: how long they take is the host's affair.
vi.setConfig({ testTimeout: 600_000 });

const RUNS = Number(process.env.HAUP_FUZZ_RUNS ?? 400);
const schema = z.strictObject({ replicas: z.number().int() });
const damages = fc.array(damage, { minLength: 1, maxLength: 3 });

/** Everything that may be thrown: told in a line, never a defect. */
function isTold(reason: Error): void {
  expect(reason, reason.stack).toBeInstanceOf(Failure);
  expect((reason as Failure).failure).not.toBe('defect');
  expect(reason.message).not.toMatch(/[\n\r]|KEY-TEXT/);
}

it('whatever has become of a cluster in a bucket, it is read as it was or refused, and never written over', async () => {
  const whole = memoryBucket();
  await bucketStore('s3://haup', whole, schema, null, standingClock()).create(
    'demo',
    { replicas: 3 },
    { authorities: 'KEY-TEXT' },
    7,
  );
  const record: unknown = JSON.parse(whole.texts.get('demo.json')!);
  await fc.assert(
    fc.asyncProperty(damages, async (how) => {
      const text = mangled(record, how);
      const bucket = memoryBucket();
      await bucket.put('demo.json', text, null);
      const store = bucketStore('s3://haup', bucket, schema, null, standingClock());
      const saved = store.save('demo', { replicas: 4 }, 7);
      const asked = [store.read('demo'), store.secrets('demo').all(), store.list(), saved];
      const outcomes = await Promise.allSettled<unknown>(asked);
      for (const outcome of outcomes) if (outcome.status === 'rejected') isTold(outcome.reason);
      if (outcomes[3]!.status === 'rejected') expect(bucket.texts.get('demo.json')).toBe(text);
    }),
    { seed: 8, numRuns: RUNS },
  );
});

it('a lock that was damaged is taken by nobody but by whom it lets', async () => {
  const whole = memoryBucket();
  await takeLease(whole, 'locks/demo.json', 'cluster demo', 'haup repair', standingClock());
  const lease: unknown = JSON.parse(whole.texts.get('locks/demo.json')!);
  await fc.assert(
    fc.asyncProperty(damages, fc.boolean(), async (how, old) => {
      const text = mangled(lease, how);
      const bucket = memoryBucket();
      await bucket.put('locks/demo.json', text, null);
      if (old) bucket.pass(LEASE_MS);
      const taken = await takeLease(
        bucket,
        'locks/demo.json',
        'cluster demo',
        'haup repair',
        standingClock(),
      ).then(
        (held) => held.fence,
        (reason: Error) => reason,
      );
      if (typeof taken === 'number') {
        // It could be read, and said that nobody has it, or its time was over.
        const said = JSON.parse(text) as { fence: number; holder: unknown };
        expect(taken).toBe(said.fence + 1);
        expect(old || said.holder === null).toBe(true);
      } else {
        isTold(taken);
        expect(bucket.texts.get('locks/demo.json')).toBe(text);
      }
    }),
    { seed: 8, numRuns: RUNS },
  );
});
