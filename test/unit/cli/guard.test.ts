import { describe, expect, test } from 'vitest';
import type { GuardOutcome } from '../../../src/app/guard.ts';
import { nothingSeen } from '../../../src/cluster/model/guard.ts';
import { freePort } from '../../support/free-port.ts';
import { haup, statusOf } from './fake.ts';

const seen = { status: statusOf(), unanswered: null, databases: [] };

const deed = { at: 0, duty: 'replace', replica: 'm1', reason: 'dead for 5 min', failed: null } as const;

function answering(outcome: GuardOutcome) {
  return { engine: { guard: async () => outcome } };
}

describe('haup guard --once', () => {
  test('may do nothing unless it is told what', async () => {
    const { code, out, calls } = await haup(['guard', '-c', 'demo', '--once']);
    expect([code, out]).toEqual([0, 'all is well\n']);
    expect(calls[0]!.arguments).toEqual([
      { cluster: 'demo', may: [], afterMs: 300_000, elsewhere: [], dryRun: false },
    ]);
  });

  test('says what it did, what it would do, and why it leaves alone the rest', async () => {
    const done = await haup(
      ['guard', '-c', 'demo', '--once', '--may', 'replace,renew', '--after', '10m'],
      answering({ deed, waits: ['w'], seen }),
    );
    expect([done.code, done.out]).toEqual([0, 'did replace m1: dead for 5 min\nwaits: w\n']);
    expect(done.calls[0]!.arguments[0]).toMatchObject({ may: ['replace', 'renew'], afterMs: 600_000 });
    const would = await haup(
      ['guard', '-c', 'demo', '--once', '--dry-run'],
      answering({ deed, waits: [], seen }),
    );
    expect(would.out).toBe('would replace m1: dead for 5 min\n');
  });

  test('ends with 5 when what it did failed', async () => {
    const failed = await haup(
      ['guard', '-c', 'demo', '--once'],
      answering({ deed: { ...deed, failed: 'no capacity' }, waits: [], seen }),
    );
    expect([failed.code, failed.out]).toEqual([5, 'failed at replace m1: dead for 5 min: no capacity\n']);
  });

  test('knows no other duties', async () => {
    const { code, err } = await haup(['guard', '--once', '--may', 'everything']);
    expect(code).toBe(2);
    expect(err).toMatch(/clear-nospace, repair, renew, replace, defragment or backup/);
  });
});

test('haup guard goes on after what it meets, and says the same thing once', async () => {
  const stop = new AbortController();
  let looks = 0;
  const { code, err } = await haup(['guard', '-c', 'demo', '--every', '10s', '--log-format', 'plain'], {
    engine: {
      guard: async () => {
        looks += 1;
        if (looks === 3) throw new Error('the cloud does not answer');
        return { deed: null, waits: looks < 3 ? [`m1 is dead, replaced in ${looks} s`] : [], seen };
      },
    },
    world: {
      sleep: async (_: number, signal: AbortSignal) => {
        if (looks === 4) stop.abort(new Error('stopped'));
        signal.throwIfAborted();
      },
    },
    signal: stop.signal,
  });
  expect(code).toBe(130);
  const said = err.split('\n').filter((line) => line.includes('guard '));
  expect(said.map((line) => line.replace(/^.*waits: /, ''))).toEqual([
    'm1 is dead, replaced in 1 s',
    'the cloud does not answer',
    'all is well',
  ]);
});

test('haup guard hands on what the store was not told, over looks that fail, until it was', async () => {
  const stop = new AbortController();
  const unsaved = { memory: { ...nothingSeen, quorumLost: true }, stored: nothingSeen };
  const given: unknown[] = [];
  await haup(['guard', '-c', 'demo'], {
    engine: {
      guard: async (request) => {
        given.push(request.unsaved);
        if (given.length === 2) throw new Error('the cloud does not answer');
        return { deed: null, waits: [], seen, ...(given.length === 1 ? { unsaved } : {}) };
      },
    },
    world: {
      sleep: async (_: number, signal: AbortSignal) => {
        if (given.length === 4) stop.abort(new Error('stopped'));
        signal.throwIfAborted();
      },
    },
    signal: stop.signal,
  });
  expect(given).toEqual([undefined, unsaved, unsaved, undefined]);
});

test('haup guard tells Prometheus what it sees and does, on loopback alone, and no longer than it runs', async () => {
  const stop = new AbortController();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/metrics`;
  const pages: string[] = [];
  const { code } = await haup(['guard', '-c', 'demo', '--metrics', String(port)], {
    engine: { guard: async () => ({ deed, waits: ['w'], seen }) },
    world: {
      sleep: async (_: number, signal: AbortSignal) => {
        pages.push(await (await fetch(url)).text());
        if (pages.length === 2) stop.abort(new Error('stopped'));
        signal.throwIfAborted();
      },
    },
    signal: stop.signal,
  });
  expect(code).toBe(130);
  expect(pages[1]).toContain('haup_guard_deeds_total{cluster="demo",duty="replace",outcome="done"} 2\n');
  await expect(fetch(url)).rejects.toThrow();
  for (const elsewhere of ['0.0.0.0:9479', '10.0.0.1:9479', 'example.com:9479', '0', '65536'])
    expect((await haup(['guard', '-c', 'demo', '--metrics', elsewhere])).code).toBe(2);
  expect((await haup(['guard', '-c', 'demo', '--metrics', '9479', '--once'])).code).toBe(2);
});

test('haup guard --dry-run says at each look what it would do, and counts nothing as done', async () => {
  const stop = new AbortController();
  const port = await freePort();
  let page = '';
  const { err } = await haup(
    ['guard', '-c', 'demo', '--dry-run', '--metrics', String(port), '--log-format', 'plain'],
    {
      ...answering({ deed, waits: ['w'], seen }),
      world: {
        sleep: async (_: number, signal: AbortSignal) => {
          page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
          stop.abort(new Error('stopped'));
          signal.throwIfAborted();
        },
      },
      signal: stop.signal,
    },
  );
  expect(err).toContain('would replace m1: dead for 5 min; w\n');
  expect(page).toContain('haup_guard_deeds_total{cluster="demo",duty="replace",outcome="done"} 0\n');
});

test('haup status shows what the guard did last', async () => {
  const status = async () => statusOf({ guard: [deed, { ...deed, failed: 'no capacity' }] });
  const { out } = await haup(['status', '-c', 'demo'], { engine: { status } });
  expect(out).toContain('1970-01-01T00:00:00Z replace m1: dead for 5 min\n');
  expect(out).toContain('replace m1: dead for 5 min; it failed: no capacity');
});
