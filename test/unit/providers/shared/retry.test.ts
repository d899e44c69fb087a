import { describe, expect, it } from 'vitest';
import { ProviderError } from '../../../../src/providers/errors.ts';
import { operatorAddress } from '../../../../src/providers/shared/operator-address.ts';
import { poll } from '../../../../src/providers/shared/poll.ts';
import { retry } from '../../../../src/providers/shared/retry.ts';
import { freshToken, tokenFor, uuidFor } from '../../../../src/providers/shared/tokens.ts';
import { VirtualClock } from '../../../clouds/shared/clock.ts';

const later = () => new ProviderError('transient', 'later');
const options = () => {
  const clock = new VirtualClock();
  return { what: 'trying', clock, signal: new AbortController().signal, random: () => 0.5 };
};

describe('retry', () => {
  it('tries transient errors again, with doubling pauses', async () => {
    const given = options();
    const times: number[] = [];
    const began = given.clock.now();
    const value = await retry(async (attempt) => {
      times.push(given.clock.now() - began);
      if (attempt < 3) throw later();
      return attempt;
    }, given);
    expect(value).toBe(3);
    expect(times).toEqual([0, 375, 1125, 2625]);
  });

  it('does not try others again', async () => {
    let attempts = 0;
    const denied = new ProviderError('denied', 'no');
    const run = retry(async () => {
      attempts++;
      throw denied;
    }, options());
    await expect(run).rejects.toBe(denied);
    expect(attempts).toBe(1);
  });

  it('gives up at its deadline, with the last words and how long it tried', async () => {
    const run = retry(
      async () => {
        throw later();
      },
      { ...options(), deadlineMs: 10_000 },
    );
    await expect(run).rejects.toMatchObject({
      kind: 'transient',
      message: expect.stringMatching(/^later \(gave up trying after \d+ s and \d+ attempts\)$/),
    });
  });

  it('waits at least as long as the cloud says', async () => {
    const given = options();
    const began = given.clock.now();
    await retry(
      async (attempt) => {
        if (attempt === 0) throw later();
      },
      { ...given, retryAfterMs: () => 9000 },
    );
    expect(given.clock.now() - began).toBe(9000);
  });

  it('ends with the signal’s reason when aborted in a pause', async () => {
    const abort = new AbortController();
    const reason = new Error('^C');
    const given = { ...options(), signal: abort.signal };
    given.clock.after(100, () => abort.abort(reason));
    const run = retry(async () => {
      throw later();
    }, given);
    await expect(run).rejects.toBe(reason);
  });
});

describe('poll', () => {
  it('looks until there is something, and lets an error out at once', async () => {
    let looks = 0;
    const found = poll(async () => (++looks === 3 ? 'it' : undefined), { ...options(), timeoutMs: 60_000 });
    expect(await found).toBe('it');
    const failed = poll(async () => Promise.reject(later()), { ...options(), timeoutMs: 60_000 });
    await expect(failed).rejects.toThrow('later');
  });

  it('names what it waited for and what it saw last', async () => {
    const wait = poll(async () => undefined, {
      ...options(),
      what: 'rain',
      timeoutMs: 5000,
      last: () => 'sunshine',
    });
    await expect(wait).rejects.toMatchObject({ kind: 'transient', message: 'waited 5 s for rain: sunshine' });
  });
});

describe('tokens', () => {
  it('depend on their parts and where these begin', () => {
    expect(uuidFor('a', 'b')).toBe(uuidFor('a', 'b'));
    expect(uuidFor('ab', '')).not.toBe(uuidFor('a', 'b'));
    expect(tokenFor('a')).toMatch(/^[0-9a-f]{64}$/);
    expect(uuidFor('a')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('of one resource are never the same twice when they are to be fresh', () => {
    expect(freshToken('uid', 'resource')).not.toBe(freshToken('uid', 'resource'));
  });
});

describe('the operator’s own address', () => {
  const signal = new AbortController().signal;
  it('is what the first source that knows one says', async () => {
    const sources = [
      async () => Promise.reject(new Error('offline')),
      async () => '<html>',
      async () => '203.0.113.7',
    ];
    expect(await operatorAddress(signal, sources)).toBe('203.0.113.7/32');
  });
  it('is asked of the user when nobody knows it', async () => {
    await expect(operatorAddress(signal, [async () => ''])).rejects.toMatchObject({
      kind: 'preflight',
      remedies: [{ setting: 'sshFrom' }],
    });
  });
});
