import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ApiRefusal } from '../../../../src/federation/controller/api.ts';
import { openReport } from '../../../../src/federation/controller/report.ts';
import { type Ended, serve } from '../../../../src/federation/controller/serve.ts';
import {
  NAMESPACE,
  PLACEMENT_ANNOTATION,
  REPORT_PATH,
  SETTINGS_PATH,
} from '../../../../src/federation/model/names.ts';
import { memoryApi, type OnCall } from '../../../support/memory-api.ts';
import { type MemoryFederation, memoryFederation, pathOf } from '../../../support/memory-federation.ts';

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe('a controller’s process', () => {
  let world: MemoryFederation;
  let isOld: boolean;
  let told: AbortController;
  const log: string[] = [];
  beforeEach(() => {
    vi.useFakeTimers();
    world = memoryFederation(new Map([['a', memoryApi({ tokenExpires: '2100-01-01T00:00:00Z' })]]));
    world.join('a');
    world.own.put(pathOf('Namespace', 'web'), {});
    isOld = false;
    told = new AbortController();
    log.length = 0;
  });
  afterEach(async () => {
    told.abort();
    await pass(20_000);
    vi.useRealTimers();
  });

  const settings = (name = 'world') => world.own.put(SETTINGS_PATH, { data: { name } });
  const isThere = (name: string) => world.members.get('a')!.get(pathOf('ConfigMap', name)) !== null;
  const report = () => (world.own.get(REPORT_PATH)?.data as { problems: string } | undefined)?.problems;

  async function begin(holder: string, onCall: OnCall = () => {}) {
    const process: { ended: Ended | null } = { ended: null };
    void serve({
      ...{ holder, now: () => Date.now(), log: (line: string) => void log.push(line), isOld: () => isOld },
      ...{
        api: world.own.client(onCall),
        open: () => world.members.get('a')!.client(onCall),
        signal: told.signal,
      },
    }).then((ended) => (process.ended = ended));
    await pass(1_000);
    return process;
  }

  test('waits for its settings, and for a name in them', async () => {
    await begin('one');
    settings('');
    await pass(5_000);
    world.own.put(pathOf('ConfigMap', 'm'), {});
    await pass(2_000);
    expect(isThere('m')).toBe(false);
    expect(log).toEqual([expect.stringContaining('waiting for the federation')]);
    settings();
    await pass(4_000);
    expect(isThere('m')).toBe(true);
  });

  test('begins anew when a setting or its certificate is another, and gives the lease back', async () => {
    settings();
    const process = await begin('one');
    world.own.put(SETTINGS_PATH, { data: { name: 'world', ttl: '60' } });
    await pass(11_000);
    expect(process.ended).toBe('begin-anew');
    const next = await begin('two');
    isOld = true;
    await pass(11_000);
    expect(next.ended).toBe('begin-anew');
  });

  test('begins anew when the Secret for its DNS etcd is made or renewed, and not because it could not be read', async () => {
    const path = `/api/v1/namespaces/${NAMESPACE}/secrets/dns-etcd`;
    // Without an endpoint: nobody is asked.
    world.own.put(SETTINGS_PATH, {
      data: { name: 'world', dnsZone: 'example.com.', dnsProvider: 'coredns' },
    });
    let away = true;
    const secret = (crt: string) => world.own.put(path, { data: { 'tls.crt': crt } });
    const process = await begin('one', (_, at) => {
      if (away && at === path) throw new ApiRefusal(500, 'InternalError', 'mishap');
    });
    expect(log).toEqual([expect.stringContaining('mishap')]);
    away = false;
    await pass(3_000);
    expect(log.join()).toContain('active');
    away = true;
    await pass(21_000);
    expect(process.ended).toBeNull();
    away = false;
    secret('MQ==');
    await pass(11_000);
    expect(process.ended).toBe('begin-anew');
    const next = await begin('two');
    await pass(21_000);
    expect(next.ended).toBeNull();
    secret('Mg==');
    await pass(11_000);
    expect(next.ended).toBe('begin-anew');
  });

  test('that waits for the lease, or for its settings, begins anew with a new certificate too', async () => {
    const waiting = await begin('without settings');
    isOld = true;
    await pass(11_000);
    expect(waiting.ended).toBe('begin-anew');
    isOld = false;
    settings();
    await begin('one');
    const next = await begin('two');
    isOld = true;
    await pass(11_000);
    expect(next.ended).toBe('begin-anew');
  });

  test('reports what is wrong, and when it is no more', async () => {
    settings();
    const annotations = { [PLACEMENT_ANNOTATION]: 'x' };
    world.own.put(pathOf('ConfigMap', 'm'), { metadata: { name: 'm', annotations } });
    await begin('one');
    await pass(10_000);
    expect(report()).toBe(`ConfigMap web/m: the annotation ${PLACEMENT_ANNOTATION} is not JSON`);
    world.own.remove(pathOf('ConfigMap', 'm'));
    await pass(11_000);
    expect(report()).toBe('');
  });

  test('that is cut off from the federation stops writing before another one begins', async () => {
    settings();
    let away = false;
    const writes: number[] = [];
    const process = await begin('one', (method, path) => {
      if (method === 'PATCH' && path.includes('configmaps/m')) writes.push(Date.now());
      if (!away || path.startsWith('/readyz')) return undefined;
      // Whatever it asks the federation hangs; in the member somebody works against it.
      if (path.includes('leases') || path.includes(NAMESPACE)) return new Promise(() => {});
      return undefined;
    });
    world.own.put(pathOf('ConfigMap', 'm'), { data: { v: '1' } });
    await pass(1_000);
    const other = await begin('two');
    away = true;
    const drift = setInterval(() => {
      const at = pathOf('ConfigMap', 'm');
      const there = world.members.get('a')!.get(at);
      if (there) world.members.get('a')!.put(at, { ...there, data: { v: String(Date.now()) } });
    }, 100);
    const since = Date.now();
    await pass(40_000);
    clearInterval(drift);
    expect(other.ended).toBeNull();
    expect(log.filter((line) => line.includes('active'))).toHaveLength(2);
    expect(Math.max(...writes) - since).toBeLessThan(8_000);
    expect(writes.some((at) => at > since)).toBe(true);
    expect(process.ended === null || process.ended === 'lease-lost').toBe(true);
  });

  test('renews tokens of members before they end, and says which it cannot', async () => {
    settings();
    const path = `/api/v1/namespaces/${NAMESPACE}/secrets/member-a`;
    const annotations = {
      'federation.haup.dev/expires': new Date(Date.now() + 14 * 86_400_000).toISOString(),
    };
    world.own.put(path, { ...world.own.get(path)!, metadata: { name: 'member-a', annotations } });
    const token = () =>
      Buffer.from((world.own.get(path)!.data as { token: string }).token, 'base64').toString();
    let refuse = true;
    await begin('one', (method, at) => {
      if (refuse && method === 'POST' && at.endsWith('/token')) throw new Error('not now');
    });
    await pass(10_000);
    expect(token()).toBe('t');
    expect(report()).toBe('Cluster a: its token cannot be renewed: not now');
    refuse = false;
    await pass(610_000);
    expect([token(), report()]).toEqual(['the-token', '']);
  });

  test('ends when it is told to', async () => {
    settings();
    const process = await begin('one');
    told.abort();
    await pass(100);
    expect(process.ended).toBe('told');
  });
});

describe('a report', () => {
  test('is written when it is another, in lines, the first fifty and how many more', async () => {
    const server = memoryApi();
    let writes = 0;
    let refuse = true;
    const put = openReport(
      server.client(() => {
        writes += 1;
        if (refuse) throw new Error('no');
      }),
    );
    server.put(`/api/v1/namespaces/${NAMESPACE}`, {});
    const many = Array.from({ length: 52 }, (_, i) => `p${String(i).padStart(2, '0')}\nx`);
    await put(many);
    refuse = false;
    await put(many);
    await put([...many].reverse());
    const lines = (server.get(REPORT_PATH)!.data as { problems: string }).problems.split('\n');
    expect([lines.length, lines[0], lines.at(-1), writes]).toEqual([51, 'p00 x', 'and 2 more', 2]);
  });
});
