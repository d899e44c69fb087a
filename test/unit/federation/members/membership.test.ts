import { beforeEach, describe, expect, test } from 'vitest';
import { accountOf } from '../../../../src/federation/members/account.ts';
import { joinSteps } from '../../../../src/federation/members/join.ts';
import { goneSteps, leaveSteps, leftBehind } from '../../../../src/federation/members/leave.ts';
import {
  FEDERATION_LABEL,
  OBJECT_ANNOTATION,
  UID_ANNOTATION,
} from '../../../../src/federation/model/names.ts';
import { type MemoryApi, memoryApi } from '../../../support/memory-api.ts';
import { allOf, pathOf } from '../../../support/memory-federation.ts';

const NOW = Date.UTC(2026, 0, 1);
const inDays = (days: number) => new Date(NOW + days * 86_400_000).toISOString();

let federation: MemoryApi;
let member: MemoryApi;
let uid: string;
beforeEach(() => {
  federation = memoryApi({ uid: 'federation-' });
  member = memoryApi({ tokenExpires: inDays(30) });
  for (const one of [federation, member]) one.put('/api/v1/namespaces/kube-system', {});
  federation.put('/api/v1/namespaces/haup-federation', {});
  uid = federation.get('/api/v1/namespaces/kube-system')!.metadata.uid!;
});

const request = (change = {}) => ({
  ...{ federation: federation.client(), member: member.client(), name: 'world', cluster: 'eu' },
  ...{ server: 'https://eu:443', caPem: 'PEM', region: 'europe', zone: 'europe-a', now: () => NOW },
  ...change,
});

async function join(change = {}): Promise<string[]> {
  const steps = await joinSteps(request(change));
  for (const { run } of steps) await run();
  return steps.map(({ text }) => text);
}

const leaving = (cascade: boolean) =>
  leaveSteps({ ...request(), cascade, signal: new AbortController().signal });

async function leave(cascade = false): Promise<string[]> {
  const steps = await leaving(cascade);
  for (const { run } of steps) await run();
  return steps.map(({ text }) => text);
}

const secret = () => federation.get('/api/v1/namespaces/haup-federation/secrets/member-eu');
const cluster = () => federation.get('/apis/federation.haup.dev/v1alpha1/clusters/eu');

describe('a join', () => {
  test('makes an account, keeps its token in the federation alone, and records the member last', async () => {
    const done = await join();
    expect(done).toHaveLength(accountOf('world').length + 3);
    expect(done.at(-1)).toBe('record eu as a Cluster');
    expect(secret()).toMatchObject({ data: { token: Buffer.from('the-token').toString('base64') } });
    expect(cluster()!.spec).toMatchObject({ server: 'https://eu:443', region: 'europe', leaving: false });
    expect(JSON.stringify([...member.objects])).not.toContain('the-token');
  });

  test('done again does nothing, or what is missing', async () => {
    await join();
    expect(await join()).toEqual([]);
    member.remove(accountOf('world')[2]!.path);
    expect(await join()).toEqual(['make the cluster role haup:federation:world in eu']);
    expect(await join({ zone: 'europe-b' })).toEqual(['record eu as a Cluster']);
  });

  test('asks for a new token when a third of its life has gone', async () => {
    await join();
    const old = { now: () => NOW + 11 * 86_400_000 };
    expect(await joinSteps(request(old))).toMatchObject([{ text: expect.stringContaining('keep a token') }]);
    expect(await joinSteps(request({ now: () => NOW + 9 * 86_400_000 }))).toEqual([]);
  });

  test('asks for a new token when the one that is kept is by another key than the member signs by now', async () => {
    await join();
    const header = Buffer.from(JSON.stringify({ kid: 'k1' })).toString('base64url');
    const path = '/api/v1/namespaces/haup-federation/secrets/member-eu';
    federation.put(path, { ...secret(), data: { token: Buffer.from(`${header}.e30.x`).toString('base64') } });
    expect(await joinSteps(request({ keyId: 'k2' }))).toMatchObject([
      { text: expect.stringContaining('keep a token') },
    ]);
    expect(await joinSteps(request({ keyId: 'k1' }))).toEqual([]);
    expect(await joinSteps(request())).toEqual([]);
  });

  test('that was cut off anywhere is finished by the next one', async () => {
    for (let cut = 0; ; cut++) {
      for (const one of [federation, member]) for (const path of [...one.objects.keys()]) one.remove(path);
      for (const one of [federation, member]) one.put('/api/v1/namespaces/kube-system', {});
      federation.put('/api/v1/namespaces/haup-federation', {});
      const steps = await joinSteps(request());
      for (const { run } of steps.slice(0, cut)) await run();
      expect(await join()).toHaveLength(Math.max(0, steps.length - cut));
      expect(await join()).toEqual([]);
      if (cut >= steps.length) break;
    }
  });
});

describe('a leave', () => {
  const path = pathOf('ConfigMap', 'm');
  const marked = (by: string) => ({
    metadata: {
      name: 'm',
      labels: { [FEDERATION_LABEL]: 'world', mine: 'x' },
      annotations: { [UID_ANNOTATION]: by, [OBJECT_ANNOTATION]: 'web/m' },
    },
    data: { v: '1' },
  });

  test('leaves what was put there, as the member’s own, and nothing else of the federation', async () => {
    await join();
    member.put(path, marked(uid));
    const done = await leave();
    expect(done[1]).toBe('leave 1 federated objects to eu');
    expect(member.get(path)!.metadata).toMatchObject({ labels: { mine: 'x' } });
    expect(member.get(path)!.metadata.labels).not.toHaveProperty(FEDERATION_LABEL);
    expect(member.get(path)!.metadata.annotations).toEqual({});
    expect([cluster(), secret()]).toEqual([null, null]);
    expect(allOf(member, 'Namespace').map(({ metadata }) => metadata.name)).toContain('haup-federation');
    expect(await leave()).toEqual([]);
  });

  test('takes it with it if it is told to, but never what another federation of that name has put there', async () => {
    await join();
    member.put(path, marked(uid));
    const other = pathOf('ConfigMap', 'other');
    member.put(other, marked('another'));
    expect(await leave(true)).toContain('delete 1 federated objects in eu');
    expect(member.get(path)).toBeNull();
    expect(member.get(other)!.metadata.labels).toHaveProperty(FEDERATION_LABEL);
  });

  test('stops the controller before anything else', async () => {
    await join();
    const [first] = await leaving(false);
    await first!.run();
    expect(cluster()!.spec).toMatchObject({ leaving: true });
  });

  describe('of a member that is gone for good', () => {
    const gone = () => {
      const { server: _, ...side } = request();
      return goneSteps({ ...side, signal: new AbortController().signal });
    };
    const as = (phase: string) =>
      federation.put('/apis/federation.haup.dev/v1alpha1/clusters/eu', { ...cluster()!, status: { phase } });

    test('asks nothing of it, and leaves nothing of it in the federation', async () => {
      await join();
      as('Left');
      const before = JSON.stringify([...member.objects]);
      for (const { run } of await gone()) await run();
      expect([cluster(), secret()]).toEqual([null, null]);
      expect(JSON.stringify([...federation.objects.keys()])).not.toContain('clusterprofiles');
      expect(JSON.stringify([...member.objects])).toBe(before);
      expect(await gone()).toEqual([]);
    });

    test('is refused while the federation sees it', async () => {
      await join();
      as('Ready');
      await expect(gone()).rejects.toThrow('eu answers the federation');
      as('Offline');
      expect(await gone()).toHaveLength(4);
    });

    test('says what stays in it', () => {
      expect(leftBehind('world')[0]).toContain('the marks of world');
      expect(leftBehind('world')).toContain('the cluster role haup:federation:world');
    });
  });
});
