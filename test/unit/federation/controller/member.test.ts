import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ApiRefusal } from '../../../../src/federation/controller/api.ts';
import { type Member, openMember } from '../../../../src/federation/controller/member.ts';
import { FEDERATION_LABEL } from '../../../../src/federation/model/names.ts';
import { type MemoryApi, memoryApi, type OnCall } from '../../../support/memory-api.ts';

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const labels = { [FEDERATION_LABEL]: 'world' };

describe('a member', () => {
  let server: MemoryApi;
  let member: Member;
  let onCall: OnCall;
  let moves = 0;
  beforeEach(() => {
    vi.useFakeTimers();
    server = memoryApi();
    server.put('/api/v1/namespaces/web', { metadata: { name: 'web', labels } });
    onCall = () => {};
    moves = 0;
  });
  afterEach(() => {
    member.close();
    vi.useRealTimers();
  });

  async function open(at: MemoryApi = server): Promise<Member> {
    member = openMember({
      ...{ name: 'eu', region: 'europe', zone: 'europe-a', federation: 'world', now: () => Date.now() },
      api: at.client((...call) => onCall(...call)),
      onChange: () => {},
      onSlice: () => {},
      onState(moved) {
        if (moved) moves++;
      },
      onEnd: () => {},
    });
    await pass(0);
    return member;
  }

  test('is seen once it has answered and all of a kind has been read; of it, what bears the federation’s label', async () => {
    server.put('/api/v1/namespaces/other', {});
    await open();
    expect([member.state(), member.stateOf('Deployment'), member.stateOfShards()]).toEqual(
      Array(3).fill('ready'),
    );
    expect(member.version()).toBe('v1.37.1');
    expect([
      member.hasNamespace('web'),
      member.hasNamespace('other'),
      member.hasNamespace('default'),
    ]).toEqual([true, false, true]);
  });

  test('that is silent is unseen, and after ten seconds lost; it says why', async () => {
    onCall = () => Promise.reject(new Error('ECONNREFUSED'));
    await open();
    await pass(9_000);
    expect(member.stateOf('Deployment')).toBe('unseen');
    await pass(2_000);
    expect(member.stateOf('Deployment')).toBe('lost');
    expect(member.silence()).toBe('ECONNREFUSED');
  });

  test('that was lost is unseen again, not as it was, until all of it has been read anew', async () => {
    await open();
    onCall = () => Promise.reject(new Error('gone'));
    server.cut();
    await pass(12_000);
    expect(member.stateOf('Namespace')).toBe('lost');
    expect(member.hasNamespace('web')).toBe(true);
    onCall = (_, path) => (path.includes('namespaces') ? new Promise(() => {}) : undefined);
    await pass(8_000);
    expect([member.state(), member.stateOf('Namespace')]).toEqual(['ready', 'unseen']);
  });

  test('without a kind is lost for that kind alone, and says so', async () => {
    await open(memoryApi({ without: ['Ingress'] }));
    expect([member.stateOf('Ingress'), member.stateOf('Service')]).toEqual(['lost', 'ready']);
    expect(member.missing()).toEqual(['Ingress: this cluster has no such kind, and gets none of them']);
  });

  test('whose endpoints cannot be seen yet has unseen shards, not unhealthy ones', async () => {
    onCall = (_, path) => (path.includes('endpointslices') ? new Promise(() => {}) : undefined);
    await open();
    expect([member.stateOf('Service'), member.stateOfShards()]).toEqual(['ready', 'unseen']);
    await pass(31_000);
    expect(member.stateOfShards()).toBe('lost');
    expect(member.missing()).toEqual(['EndpointSlice: could not be read for 30 s: no answer yet']);
  });

  test('that ceases to show a kind is lost for it after a while', async () => {
    await open();
    onCall = (_, path) => {
      if (path.includes('deployments')) throw new ApiRefusal(500, '', 'etcd is out of order');
    };
    server.cut();
    await pass(20_000);
    expect(member.stateOf('Deployment')).toBe('ready');
    await pass(20_000);
    expect(member.stateOf('Deployment')).toBe('lost');
    expect(member.missing()).toEqual(['Deployment: etcd is out of order']);
    onCall = () => {};
    await pass(5_000);
    expect([member.stateOf('Deployment'), member.missing()]).toEqual(['ready', []]);
  });

  test('that refuses the token says what to do', async () => {
    onCall = () => Promise.reject(new ApiRefusal(401, 'Unauthorized', 'Unauthorized'));
    await open();
    expect(member.silence()).toBe(`it refuses the federation's token (Unauthorized): join it again`);
  });

  test('whose version is not told counts all the same', async () => {
    onCall = (_, path) => {
      if (path === '/version') throw new ApiRefusal(403, 'Forbidden', 'not you');
    };
    await open();
    const before = moves;
    await pass(30_000);
    expect([member.state(), member.version(), member.silence(), moves - before]).toEqual([
      'ready',
      null,
      null,
      0,
    ]);
  });

  test('at rest costs a question every two seconds, and nothing moves', async () => {
    const calls: string[] = [];
    onCall = (method, path) => void calls.push(`${method} ${path.split('?')[0]}`);
    await open();
    calls.length = moves = 0;
    await pass(60_000);
    expect(new Set(calls)).toEqual(new Set(['GET /readyz']));
    expect([calls.length, moves]).toEqual([30, 0]);
  });

  test('leaves once what is under way in it has ended', async () => {
    await open();
    let end = () => {};
    member.runner.run('a', () => new Promise((resolve) => (end = resolve)));
    const left = vi.fn();
    void member.leave().then(left);
    await pass(100);
    expect(left).not.toHaveBeenCalled();
    end();
    await pass(0);
    expect(left).toHaveBeenCalledOnce();
  });
});
