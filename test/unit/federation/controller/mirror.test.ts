import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ApiRefusal } from '../../../../src/federation/controller/api.ts';
import { type Mirror, openMirror } from '../../../../src/federation/controller/mirror.ts';
import type { ApiObject } from '../../../../src/federation/model/object.ts';
import { type MemoryApi, memoryApi, type OnCall } from '../../../support/memory-api.ts';

const PATH = '/api/v1/configmaps';
const at = (name: string) => `/api/v1/namespaces/web/configmaps/${name}`;
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe('a mirror', () => {
  let server: MemoryApi;
  let mirror: Mirror;
  let calls: string[];
  let onCall: OnCall;
  const changes: (string | null)[] = [];
  let failures = 0;

  beforeEach(() => {
    vi.useFakeTimers();
    server = memoryApi();
    calls = [];
    changes.length = 0;
    failures = 0;
    onCall = () => {};
  });
  afterEach(() => {
    mirror.close();
    vi.useRealTimers();
  });

  async function open(): Promise<Mirror> {
    const api = server.client((method, path, body) => {
      calls.push(method);
      return onCall(method, path, body);
    });
    const onChange = (name: string | null) => void changes.push(name);
    mirror = openMirror({ api, path: PATH, onChange, onFailure: () => void failures++ });
    await pass(0);
    return mirror;
  }

  test('has what is there, with its kind, and what comes, changes and goes', async () => {
    server.put(at('a'), { data: { v: '1' } });
    const { get } = await open();
    expect(get('web/a')).toMatchObject({ kind: 'ConfigMap', apiVersion: 'v1', data: { v: '1' } });
    server.put(at('a'), { data: { v: '2' } });
    server.put(at('b'), {});
    server.remove(at('b'));
    await pass(0);
    expect(get('web/a')).toMatchObject({ data: { v: '2' } });
    expect(get('web/b')).toBeNull();
    expect(changes).toEqual([null, 'web/a', 'web/b', 'web/b']);
    expect(calls).toEqual(['GET', 'WATCH']);
  });

  test('is whole only after its last page', async () => {
    for (let i = 0; i < 501; i++) server.put(at(`n${i}`), {});
    const fail = { now: true };
    onCall = (_, path) => {
      if (fail.now && path.includes('continue=')) throw new Error('cut off');
    };
    await open();
    expect(mirror.isWhole()).toBe(false);
    expect([...mirror.all()]).toEqual([]);
    fail.now = false;
    await pass(500);
    expect(mirror.isWhole()).toBe(true);
    expect([...mirror.all()]).toHaveLength(501);
  });

  test('reads all again when its watch has become too old, calls that no failure, and tells what went meanwhile', async () => {
    server.put(at('a'), {});
    server.put(at('b'), {});
    await open();
    server.cut();
    await pass(0);
    server.remove(at('b'));
    server.forget();
    await pass(1_000);
    expect(calls).toEqual(['GET', 'WATCH', 'WATCH', 'GET', 'WATCH']);
    expect(mirror.get('web/b')).toBeNull();
    expect(changes).toEqual([null, 'web/b', null]);
    expect(failures).toBe(0);
  });

  test('goes on where it was after a connection was cut, and is seen as it was until then', async () => {
    server.put(at('a'), {});
    await open();
    onCall = () => {
      throw new Error('ECONNREFUSED');
    };
    server.cut();
    await pass(10_000);
    expect(mirror.failure()?.message).toBe('ECONNREFUSED');
    expect(mirror.get('web/a')).not.toBeNull();
    onCall = () => {};
    server.put(at('b'), {});
    await pass(4_000);
    expect(mirror.failure()).toBeNull();
    expect(mirror.get('web/b')).not.toBeNull();
    expect(calls.filter((method) => method === 'GET')).toHaveLength(1);
    expect(failures).toBeGreaterThan(1);
  });

  test('does not ask in a circle a server that ends each watch at once', async () => {
    await open();
    const timer = setInterval(() => server.cut(), 1);
    await pass(10_000);
    clearInterval(timer);
    expect(calls.length).toBeLessThan(30);
  });

  test('says why it is refused', async () => {
    onCall = () => {
      throw new ApiRefusal(403, 'Forbidden', 'not you');
    };
    await open();
    expect(mirror.isWhole()).toBe(false);
    expect(mirror.failure()).toMatchObject({ status: 403 });
  });

  test('is not whole from when its server was gone until all is read again', async () => {
    await open();
    onCall = () => {
      throw new Error('gone');
    };
    mirror.reconnect();
    await pass(5_000);
    expect(mirror.isWhole()).toBe(false);
    onCall = () => {};
    await pass(4_000);
    expect(mirror.isWhole()).toBe(true);
  });

  describe('given an answer to a write', () => {
    const answer = (version: number, v: string): ApiObject => ({
      ...{ apiVersion: 'v1', kind: 'ConfigMap', data: { v } },
      metadata: { name: 'a', namespace: 'web', resourceVersion: String(version) },
    });
    const versionNow = () => Number(server.get(at('a'))?.metadata.resourceVersion);

    test('has it before the watch tells of it', async () => {
      await open();
      mirror.put(answer(1_000, 'new'));
      expect(mirror.get('web/a')).toMatchObject({ data: { v: 'new' } });
    });

    test('keeps what is later, from whichever side it came', async () => {
      server.put(at('a'), { data: { v: '1' } });
      await open();
      server.put(at('a'), { data: { v: '2' } });
      await pass(0);
      mirror.put(answer(versionNow() - 1, '1'));
      expect(mirror.get('web/a')).toMatchObject({ data: { v: '2' } });
      mirror.put(answer(versionNow() + 2, '4'));
      server.put(at('a'), { data: { v: '3' } });
      await pass(0);
      expect(mirror.get('web/a')).toMatchObject({ data: { v: '4' } });
    });

    test('does not bring back what has been deleted since', async () => {
      await open();
      server.put(at('a'), { data: { v: '1' } });
      const made = versionNow();
      server.remove(at('a'));
      await pass(0);
      mirror.put(answer(made, '1'));
      expect(mirror.get('web/a')).toBeNull();
    });
  });
});
