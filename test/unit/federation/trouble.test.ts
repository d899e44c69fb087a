import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { membersOf } from '../../../src/app/federation/members.ts';
import { ApiRefusal } from '../../../src/federation/controller/api.ts';
import { serve } from '../../../src/federation/controller/serve.ts';
import { REPORT_PATH, SETTINGS_PATH } from '../../../src/federation/model/names.ts';
import { memoryApi, type OnCall } from '../../support/memory-api.ts';
import { type MemoryFederation, memoryFederation, pathOf } from '../../support/memory-federation.ts';

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

interface Trouble {
  /** Of the member `bad`. */
  readonly onCall?: OnCall;
  readonly without?: readonly string[];
  readonly settings?: Readonly<Record<string, string>>;
  readonly status?: string;
  readonly words: string;
}

/** What `haup federation status` says of each trouble, and that the others have what they are to have. */
const troubles: Readonly<Record<string, Trouble>> = {
  'credentials that are refused': {
    onCall: () => Promise.reject(new ApiRefusal(401, 'Unauthorized', 'Unauthorized')),
    status: 'Offline',
    words: `bad: it does not answer: it refuses the federation's token (Unauthorized): join it again`,
  },
  'a member that is silent': {
    onCall: () => Promise.reject(new Error('connect ECONNREFUSED 10.0.0.9:443')),
    status: 'Offline',
    words: 'bad: it does not answer: connect ECONNREFUSED 10.0.0.9:443',
  },
  'a kind that a member lacks': {
    without: ['Ingress'],
    words: 'bad: Ingress: this cluster has no such kind, and gets none of them',
  },
  'a webhook that refuses': {
    onCall(method, path) {
      if (method === 'PATCH' && path.includes('configmaps/m'))
        throw new ApiRefusal(400, '', 'admission webhook "no.example.com" denied the request: no');
    },
    words: 'bad: ConfigMap web/m: admission webhook "no.example.com" denied the request: no',
  },
  'a name that is taken by what cannot be changed': {
    onCall(method, path) {
      if (method === 'PATCH' && path.includes('configmaps/m'))
        throw new ApiRefusal(422, 'Invalid', 'ConfigMap "m" is invalid: data: Forbidden: it is immutable');
    },
    words: 'bad: ConfigMap web/m: ConfigMap "m" is invalid: data: Forbidden: it is immutable',
  },
  'a member slower than all': {
    onCall: (_, path) => (path.startsWith('/readyz') ? undefined : new Promise(() => {})),
    words: 'bad: Deployment: could not be read for 30 s: no answer yet',
  },
  'a DNS zone without its final dot': {
    settings: {
      dnsZone: 'example.com',
      dnsProvider: 'coredns',
      dns: '{"endpoints":["https://127.0.0.1:1"]}',
    },
    words: 'the DNS zone "example.com" has no final dot',
  },
  'a DNS provider that nobody knows': {
    settings: { dnsZone: 'example.com.', dnsProvider: 'else' },
    words: 'the settings of the DNS provider "else"',
  },
};

describe('of trouble', () => {
  let world: MemoryFederation;
  let stop: AbortController;
  beforeEach(() => {
    vi.useFakeTimers();
    stop = new AbortController();
  });
  afterEach(async () => {
    stop.abort();
    await pass(20_000);
    vi.useRealTimers();
  });

  async function said(): Promise<string[]> {
    const members = await membersOf(world.own.client());
    const { problems } = world.own.get(REPORT_PATH)!.data as { problems: string };
    return [
      ...problems.split('\n').filter(Boolean),
      ...members.flatMap(({ name, problems: own }) => own.map((problem) => `${name}: ${problem}`)),
    ];
  }

  test.each(Object.entries(troubles))('%s is told, and hurts nobody else', async (_, trouble) => {
    const { onCall = () => {}, without = [], settings = {}, status = 'Ready', words } = trouble;
    world = memoryFederation(
      new Map([
        ['good', memoryApi({ uid: 'g' })],
        ['bad', memoryApi({ uid: 'b', without })],
      ]),
    );
    for (const name of ['good', 'bad']) world.join(name);
    world.own.put(SETTINGS_PATH, { data: { name: 'world', ...settings } });
    world.own.put(pathOf('Namespace', 'web'), {});
    world.own.put(pathOf('ConfigMap', 'm'), { data: { v: '1' } });
    world.own.put(pathOf('Deployment', 'd'), { spec: { replicas: 4 } });
    void serve({
      ...{ holder: 'one', now: () => Date.now(), log: () => {}, isOld: () => false, signal: stop.signal },
      api: world.own.client(),
      open({ server }) {
        const name = new URL(server).hostname;
        return world.members.get(name)!.client(name === 'bad' ? onCall : undefined);
      },
    });
    await pass(45_000);
    expect(await said()).toContainEqual(expect.stringContaining(words));
    const good = world.members.get('good')!;
    expect(good.get(pathOf('ConfigMap', 'm'))).toMatchObject({ data: { v: '1' } });
    expect(good.get(pathOf('Deployment', 'd'))?.spec?.replicas).toBeGreaterThan(0);
    expect(world.statusOf('good')).toMatchObject({ phase: 'Ready', problems: [] });
    expect(world.statusOf('bad').phase).toBe(status);
  });
});
