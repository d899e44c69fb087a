import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { parseJson } from '../../util/text/json.ts';
import { BusyError, type LockOwner, StoreError } from '../errors.ts';
import type { Lock } from '../lock.ts';
import { thisProcess } from '../process.ts';
import { type Objects, PERSISTENCE } from './objects.ts';

/** A holder that has not renewed its lease for so long has lost it: milliseconds of the bucket's clock. */
export const LEASE_MS = 60_000;
/** Four tries to renew fit in, and the holder gives up by its own clock before anybody else may take over. */
export const RENEWAL_MS = 10_000;
export const GIVE_UP_MS = 45_000;

const leaseSchema = z.object({
  format: z.literal('haup-lease'),
  /** One more with each holder: the fencing number. */
  fence: z.number().int().positive(),
  /** One more with each renewal: S3's version is a digest of the text, and what was renewed must not look the same. */
  beat: z.number().int().nonnegative(),
  /** null: released. */
  holder: z
    .object({
      token: z.string(),
      pid: z.number().int(),
      host: z.string(),
      user: z.string(),
      since: z.string(),
      doing: z.string(),
    })
    .nullable(),
});

type Lease = z.infer<typeof leaseSchema>;

/** A lock in a bucket, while it is held. */
export interface HeldLease extends Lock {
  readonly fence: number;
  readonly lost: AbortSignal;
  /** @param what is locked no longer exists: nothing of its lock stays. */
  release(what?: 'gone'): Promise<void>;
}

/** Time as a lease needs it: one that only runs forward, and a timer. Tests bring their own. */
export interface LeaseClock {
  /** Milliseconds, monotonic. */
  now(): number;
  /** Calls every so many milliseconds until the function that it returns is called. */
  every(ms: number, work: () => void): () => void;
}

const systemClock: LeaseClock = {
  now: () => performance.now(),
  every(ms, work) {
    const timer = setInterval(work, ms);
    timer.unref();
    return () => clearInterval(timer);
  },
};

/** Who has the lease, if its time is not over; null: nobody. */
export async function leaseHolder(objects: Objects, key: string): Promise<LockOwner | null> {
  const seen = await objects.get(key);
  const holder = seen && seen.age < LEASE_MS ? (parse(seen.text)?.holder ?? null) : null;
  if (holder === null) return null;
  const { token: _, ...who } = holder;
  return who;
}

/**
 * Takes the lease at once or not at all. One that was not renewed in its time, by the bucket's clock, is taken over; the
 * fencing number rises each time. One that cannot be read may be a newer haup's, which is at work: it is left alone.
 * @param reached the fencing number that what is locked has come to: the lease's object may have been removed since.
 * @throws BusyError, StoreError
 */
export async function takeLease(
  objects: Objects,
  key: string,
  what: string,
  doing: string,
  clock: LeaseClock = systemClock,
  reached: () => Promise<number> = async () => 0,
): Promise<HeldLease> {
  const { pid, host, user } = thisProcess();
  const token = randomUUID();
  const holder = { token, pid, host, user, since: new Date().toISOString(), doing };
  let begun = clock.now();
  for (let tries = 0; tries < PERSISTENCE; tries++) {
    const seen = await objects.get(key);
    const lease = seen && read(seen.text, key, what);
    if (seen && lease?.holder?.token === token)
      return hold(objects, key, what, lease, seen.version, clock, begun);
    if (seen && lease?.holder && seen.age < LEASE_MS) throw busy(what, lease.holder, seen.age);
    const fence = Math.max(lease?.fence ?? 0, await reached()) + 1;
    const mine: Lease = { format: 'haup-lease', fence, beat: 0, holder };
    begun = clock.now();
    const version = await objects.put(key, write(mine), seen?.version ?? null);
    if (version !== null) {
      if (seen === null) await mustBeConditional(objects, key, write(mine), version);
      return hold(objects, key, what, mine, version, clock, begun);
    }
    // Somebody was quicker, or it was ourselves and the reply was lost: the next look says which.
  }
  throw neverWritten(`the lock of ${what}`);
}

/**
 * A server that speaks S3's language may not know conditions, and write all the same: whoever came last would win. What it must refuse is
 * tried where nobody has had the lease before; what cannot be asked now shows later.
 * @throws StoreError `unsupported`
 */
async function mustBeConditional(
  objects: Objects,
  key: string,
  text: string,
  version: string,
): Promise<void> {
  const other = version.replace(/\d(?=\D*$)/, (digit) => String((Number(digit) + 1) % 10));
  for (const over of other === version ? [null] : [other, null]) {
    const written = await objects.put(key, text, over).catch(() => null);
    if (written === null) continue;
    await objects.remove(key).catch(() => {}); // then it ends by itself
    throw new StoreError(
      'unsupported',
      `the bucket wrote ${key} though the condition of that was not met: of two who change a cluster at once, neither would hear of it`,
      CONDITIONAL,
    );
  }
}

function hold(
  objects: Objects,
  key: string,
  what: string,
  lease: Lease,
  firstVersion: string,
  clock: LeaseClock,
  /** When the write began that gave it to us. */
  begun: number,
): HeldLease {
  const lost = new AbortController();
  let version = firstVersion;
  let { beat } = lease;
  let renewedAt = begun;
  let queue: Promise<void> = Promise.resolve();
  let released = false;
  const lose = (why: string): void => {
    stop();
    lost.abort(
      new StoreError('conflict', `the lock of ${what} was lost: ${why}`, [
        { to: 'see what is, and who is at work', command: 'status' },
        { to: 'finish what was begun', command: 'repair' },
      ]),
    );
  };
  /** The version after a renewal; null: somebody else has it. */
  const renewed = async (): Promise<string | null> => {
    beat += 1;
    const next = await objects.put(key, write({ ...lease, beat }), version);
    if (next !== null) return next;
    const seen = await objects.get(key); // it may be our own write, its reply lost
    return seen && parse(seen.text)?.holder?.token === lease.holder?.token ? seen.version : null;
  };
  const renew = async (): Promise<void> => {
    if (released || lost.signal.aborted) return;
    const now = clock.now();
    try {
      const next = await renewed();
      if (next === null) return lose('another haup has taken it over');
      version = next;
      renewedAt = now;
    } catch {
      // the bucket is away for a moment; the next renewal tries again
    }
  };
  const stop = clock.every(RENEWAL_MS, () => {
    if (clock.now() - renewedAt > GIVE_UP_MS) lose(`it could not be renewed for ${GIVE_UP_MS / 1000} s`);
    else queue = queue.then(renew);
  });
  return {
    fence: lease.fence,
    lost: lost.signal,
    async release(gone) {
      if (released) return;
      released = true;
      stop();
      await queue;
      if (lost.signal.aborted) return;
      const done = gone
        ? objects.remove(key)
        : objects.put(key, write({ ...lease, beat: beat + 1, holder: null }), version);
      await done.catch(() => {}); // then it ends by itself
    },
  };
}

function busy(what: string, holder: LockOwner, age: number): BusyError {
  const left = Math.ceil((LEASE_MS - age) / 1000);
  return new BusyError(
    what,
    holder,
    `wait until it has ended; should it run no more, its lock ends within ${left} s`,
  );
}

function write(lease: Lease): string {
  return `${JSON.stringify(lease, null, 2)}\n`;
}

/** null: it is none that this haup knows. */
function parse(text: string): Lease | null {
  return leaseSchema.safeParse(parseJson(text)).data ?? null;
}

function read(text: string, key: string, what: string): Lease {
  const lease = parse(text);
  if (lease) return lease;
  throw new StoreError(
    'foreign',
    `the lock of ${what}, ${key} in the bucket, is none that this haup can read`,
    [
      'use the haup that wrote it, if there is a newer one',
      'or remove that object, if nothing is at work on the cluster',
    ],
  );
}

const CONDITIONAL =
  'the store needs a bucket with conditional writes (If-Match, If-None-Match); see docs/store.md';

/** Each write was answered with "somebody else was first", and nobody was. */
export function neverWritten(what: string): StoreError {
  return new StoreError(
    'unsupported',
    `the bucket took none of ${PERSISTENCE} writes of ${what}: each time it said that it had changed meanwhile`,
    CONDITIONAL,
  );
}
