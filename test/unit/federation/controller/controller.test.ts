import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ApiRefusal } from '../../../../src/federation/controller/api.ts';
import type { Controller } from '../../../../src/federation/controller/controller.ts';
import {
  FEDERATION_LABEL,
  OBJECT_ANNOTATION,
  PLACEMENT_ANNOTATION,
  UID_ANNOTATION,
} from '../../../../src/federation/model/names.ts';
import type { Shard } from '../../../../src/federation/model/shard.ts';
import { memoryApi } from '../../../support/memory-api.ts';
import {
  allOf,
  IDENTITY,
  type MemoryFederation,
  memoryFederation,
  pathOf,
  type StartOptions,
} from '../../../support/memory-federation.ts';

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const marks = {
  labels: { [FEDERATION_LABEL]: IDENTITY.federation },
  annotations: { [UID_ANNOTATION]: IDENTITY.uid },
};

describe('the controller', () => {
  let world: MemoryFederation;
  let controller: Controller;
  let calls: string[];
  let onCall: NonNullable<StartOptions['onCall']>;
  let shards: readonly Shard[] | null;

  beforeEach(() => {
    vi.useFakeTimers();
    world = memoryFederation(new Map(['a', 'b', 'c'].map((name) => [name, memoryApi({ uid: name })])));
    for (const name of ['a', 'b', 'c']) world.join(name);
    world.own.put(pathOf('Namespace', 'web'), {});
    calls = [];
    shards = null;
    onCall = () => {};
  });
  afterEach(() => {
    controller.close();
    vi.useRealTimers();
  });

  async function start(): Promise<void> {
    controller = world.start({
      onCall(cluster, method, path, body) {
        calls.push(`${cluster ?? 'own'} ${method} ${path.split('?')[0]}`);
        return onCall(cluster, method, path, body);
      },
      onShards: (all) => (shards = all),
    });
    await pass(1_000);
  }

  const member = (name: string) => world.members.get(name)!;
  const there = (name: string, path: string) => member(name).get(path);
  const writes = () => calls.filter((call) => / (PATCH|DELETE|PUT|POST) /.test(call));
  const problemsOf = (name: string) => world.statusOf(name).problems as readonly string[];
  const configMap = (name: string, v = '1') => world.own.put(pathOf('ConfigMap', name), { data: { v } });

  test('puts what is there into all members with the least of calls, and then only watches', async () => {
    for (let i = 0; i < 50; i++) configMap(`m${i}`);
    await start();
    for (const name of ['a', 'b', 'c']) expect(allOf(member(name), 'ConfigMap')).toHaveLength(50);
    expect(writes().filter((call) => !call.startsWith('own'))).toHaveLength(3 * 51);
    // A status of the Cluster and of its ClusterProfile, for each.
    expect(writes().filter((call) => call.startsWith('own')).length).toBeLessThanOrEqual(2 * 2 * 3);
    await pass(5_000);
    calls.length = 0;
    await pass(60_000);
    expect(calls.filter((call) => !call.endsWith('/readyz'))).toEqual([]);
  });

  test('puts right what somebody changes, makes again what somebody deletes, and deletes what is not wanted', async () => {
    const path = pathOf('ConfigMap', 'm');
    configMap('m');
    await start();
    member('a').put(path, { ...there('a', path)!, data: { v: 'drift' } });
    member('b').remove(path);
    await pass(1_000);
    for (const name of ['a', 'b']) expect(there(name, path)).toMatchObject({ data: { v: '1' } });
    world.own.remove(path);
    await pass(1_000);
    for (const name of ['a', 'b', 'c']) expect(there(name, path)).toBeNull();
  });

  test('deletes what went while no controller ran, also where the namespaces are read last; and nothing foreign', async () => {
    const gone = pathOf('ConfigMap', 'gone');
    for (const name of ['a', 'b', 'c']) {
      member(name).put(pathOf('Namespace', 'web'), { metadata: { name: 'web', ...marks } });
      member(name).put(gone, { metadata: { name: 'gone', ...marks } });
      member(name).put(pathOf('ConfigMap', 'foreign'), { data: { v: 'mine' } });
    }
    onCall = async (cluster, _, path) => {
      if (cluster === 'a' && path.startsWith('/api/v1/namespaces?'))
        await new Promise((go) => setTimeout(go, 700));
    };
    await start();
    await pass(2_000);
    for (const name of ['a', 'b', 'c']) {
      expect(there(name, gone)).toBeNull();
      expect(there(name, pathOf('ConfigMap', 'foreign'))).toMatchObject({ data: { v: 'mine' } });
    }
  });

  test('leaves copies of its objects alone, and applies once more what was marked before marks said of what', async () => {
    configMap('m');
    await start();
    const at = (name: string) => pathOf('ConfigMap', name);
    const { metadata } = there('a', at('m'))!;
    const copied = { labels: metadata.labels!, annotations: metadata.annotations! };
    member('a').put(at('copy'), { metadata: { name: 'copy', ...copied }, data: { v: 'mine' } });
    const namespace = there('a', pathOf('Namespace', 'web'))!.metadata;
    const { labels, annotations } = namespace;
    member('a').put(pathOf('Namespace', 'copy'), {
      metadata: { name: 'copy', labels: labels!, annotations: annotations! },
    });
    const { [OBJECT_ANNOTATION]: _, ...old } = metadata.annotations!;
    member('b').put(at('m'), { ...there('b', at('m'))!, metadata: { ...metadata, annotations: old } });
    calls.length = 0;
    await pass(5_000);
    expect(there('a', at('copy'))).toMatchObject({ data: { v: 'mine' } });
    expect(there('a', pathOf('Namespace', 'copy'))).not.toBeNull();
    expect(writes()).toEqual([`b PATCH ${at('m')}`]);
    expect(there('b', at('m'))!.metadata.annotations![OBJECT_ANNOTATION]).toBe('web/m');
  });

  test('deletes nothing while the federation could only be read in part', async () => {
    for (const name of ['a', 'b', 'c'])
      member(name).put(pathOf('ConfigMap', 'm'), { metadata: { name: 'm', ...marks } });
    onCall = (cluster, _, path) => {
      if (cluster === null && path.startsWith('/api/v1/configmaps')) throw new Error('cut off');
    };
    await start();
    await pass(60_000);
    expect(there('a', pathOf('ConfigMap', 'm'))).not.toBeNull();
    expect(there('a', pathOf('Namespace', 'web'))).not.toBeNull();
  });

  test('is held up by no member that is slow', async () => {
    for (let i = 0; i < 100; i++) configMap(`m${i}`);
    onCall = (cluster) => (cluster === 'b' ? new Promise((go) => setTimeout(go, 1_500)) : undefined);
    await start();
    for (const name of ['a', 'c']) expect(allOf(member(name), 'ConfigMap')).toHaveLength(100);
    await pass(60_000);
    expect(allOf(member('b'), 'ConfigMap')).toHaveLength(100);
  });

  test('tells what a member refuses, goes on with all else, and takes it back once it is mended', async () => {
    const bad = pathOf('ConfigMap', 'bad');
    onCall = (cluster, method, path) => {
      if (cluster === 'a' && method === 'PATCH' && path.startsWith(bad))
        throw new ApiRefusal(403, 'Forbidden', 'admission webhook "no.example.com" denied the request: no');
    };
    configMap('bad');
    configMap('good');
    await start();
    await pass(1_000);
    expect(problemsOf('a')).toEqual([
      'ConfigMap web/bad: admission webhook "no.example.com" denied the request: no',
    ]);
    expect(world.statusOf('a')).toMatchObject({ phase: 'Ready', problemCount: 1 });
    expect(there('a', pathOf('ConfigMap', 'good'))).not.toBeNull();
    expect(there('b', bad)).not.toBeNull();
    onCall = () => {};
    await pass(60_000);
    expect(world.statusOf('a')).toMatchObject({ problems: [], problemCount: 0 });
    expect(there('a', bad)).not.toBeNull();
  });

  test('tries an object that was mended at once, and tells the new words of an old trouble', async () => {
    let words = 'first';
    onCall = (cluster, method, path, body) => {
      const { data } = (body ?? {}) as { data?: { v: string } };
      if (cluster === 'a' && method === 'PATCH' && path.includes('/bad') && data?.v === '1')
        throw new ApiRefusal(422, 'Invalid', words);
    };
    configMap('bad');
    await start();
    await pass(100_000);
    words = 'second';
    await pass(100_000);
    expect(problemsOf('a')).toEqual(['ConfigMap web/bad: second']);
    configMap('bad', '2');
    await pass(1_000);
    expect(there('a', pathOf('ConfigMap', 'bad'))).toMatchObject({ data: { v: '2' } });
    expect(problemsOf('a')).toEqual([]);
  });

  test('says so of a member that cannot even be asked, and of a placement that cannot be read; the others have theirs', async () => {
    world.own.put('/apis/federation.haup.dev/v1alpha1/clusters/odd', {
      spec: { server: 'nonsense', secretName: 'member-a', region: 'r', zone: 'z' },
    });
    world.own.put(pathOf('ConfigMap', 'where'), {
      metadata: { name: 'where', annotations: { [PLACEMENT_ANNOTATION]: 'x' } },
    });
    configMap('m');
    await start();
    for (const name of ['a', 'b', 'c']) expect(there(name, pathOf('ConfigMap', 'm'))).not.toBeNull();
    expect([...controller.problems()].sort()).toEqual([
      'Cluster odd: Invalid URL',
      `ConfigMap web/where: the annotation ${PLACEMENT_ANNOTATION} is not JSON`,
    ]);
    world.own.remove('/apis/federation.haup.dev/v1alpha1/clusters/odd');
    world.own.remove(pathOf('ConfigMap', 'where'));
    await pass(1_000);
    expect(controller.problems()).toEqual([]);
  });

  test('has let go of a member only when nothing is under way in it any more', async () => {
    await start();
    let go = () => {};
    onCall = (cluster, method) =>
      cluster === 'a' && method === 'PATCH' ? new Promise((resolve) => (go = resolve)) : undefined;
    configMap('m');
    await pass(100);
    world.leave('a');
    await pass(2_000);
    expect(world.statusOf('a').phase).toBe('Ready');
    go();
    await pass(500);
    expect(world.statusOf('a').phase).toBe('Left');
    await pass(60_000);
    expect(world.statusOf('a').phase).toBe('Left');
    configMap('m', '2');
    await pass(1_000);
    expect(there('a', pathOf('ConfigMap', 'm'))).toMatchObject({ data: { v: '1' } });
  });

  describe('what is told of a member', () => {
    const isStatus = (cluster: string | null, method: string, path: string) =>
      cluster === null &&
      method === 'PATCH' &&
      path === '/apis/federation.haup.dev/v1alpha1/clusters/a/status';
    const phaseIn = (body: unknown) => (body as { status: { phase?: string } }).status.phase;
    let told: number;

    beforeEach(async () => {
      await start();
      told = 0;
    });

    test('is told again after it was refused, and once it is written not again, though the watch is late', async () => {
      onCall = (cluster, method, path) => {
        if (!isStatus(cluster, method, path)) return;
        if (++told <= 2) throw new ApiRefusal(500, 'InternalError', 'mishap');
        // From here on its watch is late. A circle ends here, and is counted.
        world.own.cut();
        if (told > 10) return new Promise(() => {});
      };
      world.leave('a');
      await pass(500);
      expect(told).toBe(1);
      expect(controller.problems()).toEqual(['Cluster a: mishap']);
      await pass(3_000);
      expect(world.statusOf('a').phase).toBe('Left');
      await pass(60_000);
      expect(told).toBe(3);
      expect(controller.problems()).toEqual([]);
    });

    test('does not wait for a status that was refused before', async () => {
      onCall = (cluster, method, path, body) => {
        if (cluster === 'a') throw new Error('ECONNREFUSED');
        if (isStatus(cluster, method, path) && phaseIn(body) !== 'Left')
          throw new ApiRefusal(500, 'InternalError', 'mishap');
      };
      member('a').cut();
      await pass(60_000);
      expect(controller.problems()).toEqual(['Cluster a: mishap']);
      world.leave('a');
      await pass(500);
      expect(world.statusOf('a').phase).toBe('Left');
      expect(controller.problems()).toEqual([]);
    });

    test('reaches its profile also where that was refused after its Cluster had been written', async () => {
      let written = 0;
      onCall = (cluster, method, path) => {
        if (cluster === 'a') throw new Error('ECONNREFUSED');
        if (method !== 'PATCH' || !path.endsWith('/clusterprofiles/a/status')) return;
        if (++written === 1) throw new ApiRefusal(500, 'InternalError', 'mishap');
      };
      member('a').cut();
      await pass(120_000);
      expect(world.statusOf('a').phase).not.toBe('Ready');
      expect(written).toBe(2);
      expect(controller.problems()).toEqual([]);
    });

    test('is no problem any more when its Cluster is gone', async () => {
      onCall = (cluster, method, path) => {
        if (isStatus(cluster, method, path)) throw new ApiRefusal(500, 'InternalError', 'mishap');
      };
      world.leave('a');
      await pass(500);
      expect(controller.problems()).toEqual(['Cluster a: mishap']);
      world.own.remove('/apis/federation.haup.dev/v1alpha1/clusters/a');
      await pass(3_000);
      expect(controller.problems()).toEqual([]);
    });
  });

  test('writes nothing after it was closed', async () => {
    await start();
    onCall = (_, method) => {
      if (method === 'PATCH') controller.close();
    };
    for (let i = 0; i < 100; i++) configMap(`m${i}`);
    await pass(30);
    calls.length = 0;
    await pass(60_000);
    expect(calls).toEqual([]);
  });

  test('gives the replicas of a lost member to the others, and says that it is away', async () => {
    const path = pathOf('Deployment', 'd');
    world.own.put(path, { spec: { replicas: 6 } });
    await start();
    const replicas = () => ['a', 'b', 'c'].map((name) => there(name, path)?.spec?.replicas);
    expect(replicas()).toEqual([2, 2, 2]);
    onCall = (cluster) => (cluster === 'c' ? Promise.reject(new Error('ECONNREFUSED')) : undefined);
    member('c').cut();
    await pass(9_000);
    expect(replicas()).toEqual([2, 2, 2]);
    await pass(4_000);
    expect(replicas()).toEqual([3, 3, 2]);
    expect(world.statusOf('c')).toMatchObject({ phase: 'Offline' });
    onCall = () => {};
    await pass(20_000);
    expect(replicas().reduce<number>((sum, each) => sum + Number(each), 0)).toBe(6);
    expect(world.statusOf('c')).toMatchObject({ phase: 'Ready' });
  });

  test('moves nothing when it was cut off from all members and they come back one after the other', async () => {
    const path = pathOf('Deployment', 'd');
    world.own.put(path, { spec: { replicas: 6 } });
    const away = new Set<string>();
    onCall = (cluster) => (away.has(cluster ?? '') ? Promise.reject(new Error('gone')) : undefined);
    await start();
    const changed: string[] = [];
    for (const name of ['a', 'b', 'c']) {
      away.add(name);
      member(name).cut();
    }
    await pass(30_000);
    calls.length = 0;
    for (const name of ['a', 'b', 'c']) {
      away.delete(name);
      await pass(15_000);
      changed.push(...writes().filter((call) => call.includes('deployments')));
    }
    expect(changed).toEqual([]);
    expect(['a', 'b', 'c'].map((name) => there(name, path)?.spec?.replicas)).toEqual([2, 2, 2]);
  });

  test('gives what a silent member may have of a Job to no other after a restart; of a later Job it has nothing', async () => {
    const completions = (name: string) =>
      ['a', 'b', 'c'].map((cluster) => there(cluster, pathOf('Job', name))?.spec?.completions);
    const make = (name: string) => {
      const creationTimestamp = new Date().toISOString();
      const metadata = { name, creationTimestamp };
      world.own.put(pathOf('Job', name), { metadata, spec: { completions: 6, parallelism: 6 } });
    };
    make('first');
    await start();
    expect(completions('first')).toEqual([2, 2, 2]);
    controller.close();
    // As it would be where the others were made anew meanwhile.
    member('a').remove(pathOf('Job', 'first'));
    onCall = (cluster) => (cluster === 'c' ? Promise.reject(new Error('gone')) : undefined);
    await start();
    await pass(60_000);
    expect(world.statusOf('c').phase).toBe('Offline');
    expect(completions('first')).toEqual([undefined, 2, 2]);
    make('later');
    await pass(1_000);
    expect(completions('later')).toEqual([3, 3, undefined]);
    onCall = () => {};
    await pass(60_000);
    expect(completions('first')).toEqual([2, 2, 2]);
  });

  test('leaves replicas to an autoscaler where one leads them, for as long as it does', async () => {
    const path = pathOf('Deployment', 'd');
    const scaler = pathOf('HorizontalPodAutoscaler', 'h');
    world.own.put(path, { spec: { replicas: 3 } });
    await start();
    const replicas = () => ['a', 'b', 'c'].map((name) => there(name, path)?.spec?.replicas);
    expect(replicas()).toEqual([1, 1, 1]);
    const target = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' };
    world.own.put(scaler, { spec: { minReplicas: 1, maxReplicas: 30, scaleTargetRef: target } });
    await pass(1_000);
    expect(there('a', scaler)).not.toBeNull();
    member('a').put(path, { ...there('a', path)!, spec: { replicas: 8 } });
    await pass(1_000);
    expect(replicas()).toEqual([8, 1, 1]);
    world.own.remove(scaler);
    await pass(2_000);
    expect(there('a', scaler)).toBeNull();
    expect(replicas().reduce<number>((sum, each) => sum + Number(each), 0)).toBe(3);
  });

  test('says that a rollout was seen only when every part has seen what is wanted now', async () => {
    const path = pathOf('Deployment', 'd');
    const seenBy = (name: string) => {
      const object = there(name, path)!;
      member(name).put(path, { ...object, status: { observedGeneration: object.metadata.generation } });
    };
    world.own.put(path, { spec: { replicas: 3, paused: false } });
    await start();
    for (const name of ['a', 'b', 'c']) seenBy(name);
    await pass(1_000);
    expect(world.own.get(path)!.status).toMatchObject({ observedGeneration: 1 });
    const { metadata, status } = world.own.get(path)!;
    world.own.put(path, { metadata, status: status!, spec: { replicas: 3, paused: true } });
    await pass(1_000);
    expect(world.own.get(path)!.status).toMatchObject({ observedGeneration: 1 });
    for (const name of ['a', 'b', 'c']) seenBy(name);
    await pass(1_000);
    expect(world.own.get(path)!.status).toMatchObject({ observedGeneration: 2 });
  });

  describe('the shards of a Service', () => {
    const path = pathOf('Service', 's');
    const healthy = () => shards?.filter(({ health }) => health === 'healthy').map(({ cluster }) => cluster);

    beforeEach(() => {
      world.own.put(path, { spec: { type: 'LoadBalancer' } });
      for (const name of ['a', 'b', 'c']) {
        member(name).put(pathOf('Namespace', 'web'), { metadata: { name: 'web', ...marks } });
        member(name).put(path, {
          metadata: { name: 's', ...marks },
          status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } },
        });
        member(name).put('/apis/discovery.k8s.io/v1/namespaces/web/endpointslices/s-1', {
          metadata: { name: 's-1', labels: { ...marks.labels, 'kubernetes.io/service-name': 's' } },
          endpoints: [{ addresses: ['10.0.0.1'] }],
        });
      }
    });

    test('are told only when all of them are known', async () => {
      onCall = async (cluster, method, at) => {
        if (cluster === 'b' && method === 'GET' && at.includes('endpointslices'))
          await new Promise((go) => setTimeout(go, 3_000));
      };
      await start();
      expect(shards).toBeNull();
      await pass(3_000);
      expect(healthy()).toEqual(['a', 'b', 'c']);
    });

    test('are unhealthy ten seconds after their cluster fell silent; when all are silent nothing is said', async () => {
      await start();
      const away = new Set(['b']);
      onCall = (cluster) => (away.has(cluster ?? '') ? Promise.reject(new Error('gone')) : undefined);
      member('b').cut();
      await pass(13_000);
      expect(healthy()).toEqual(['a', 'c']);
      for (const name of ['a', 'c']) {
        away.add(name);
        member(name).cut();
      }
      await pass(60_000);
      expect(healthy()).toEqual(['a', 'c']);
      away.clear();
      await pass(60_000);
      expect(healthy()).toEqual(['a', 'b', 'c']);
    });

    test('stay in their names when all were silent and come back one after the other', async () => {
      await start();
      const away = new Set(['a', 'b', 'c']);
      const told: (readonly string[] | undefined)[] = [];
      onCall = (cluster) => (away.has(cluster ?? '') ? Promise.reject(new Error('gone')) : undefined);
      for (const name of away) member(name).cut();
      await pass(30_000);
      for (const name of [...away]) {
        away.delete(name);
        await pass(15_000);
        told.push(healthy());
      }
      expect(told).toEqual(Array(3).fill(['a', 'b', 'c']));
    });

    test('follow their endpoints', async () => {
      await start();
      member('a').remove('/apis/discovery.k8s.io/v1/namespaces/web/endpointslices/s-1');
      await pass(100);
      expect(healthy()).toEqual(['b', 'c']);
    });
  });
});
