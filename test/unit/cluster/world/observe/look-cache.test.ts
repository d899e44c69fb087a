import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { REUSE_MS } from '../../../../../src/cluster/loop/converge.ts';
import { nothing, type Observation } from '../../../../../src/cluster/model/observation.ts';
import type { ClusterSpec } from '../../../../../src/cluster/model/spec.ts';
import { next } from '../../../../../src/cluster/plan/next.ts';
import { type Step, simulate } from '../../../../../src/cluster/plan/step.ts';
import { emptyInside, withInside } from '../../../../../src/cluster/plan/steps/effects.ts';
import { lookCache } from '../../../../../src/cluster/world/observe/look-cache.ts';
import { converged, powerOff, specOf } from '../../../../support/clusters.ts';
import { lookThrough } from '../../../../support/look-through.ts';

const REVIVE = { revive: true };
const names = ['m0', 'm1', 'm2', 'm3', 'm4'];

/** A balancer that has a DNS name, as on AWS: what gets onto certificates with it is to be seen. */
function withName(o: Observation): Observation {
  return o.balancer ? { ...o, balancer: { ...o.balancer, dnsName: 'demo.example.com' } } : o;
}

/** Where a history begins, with one thing amiss. */
const beginnings = {
  'nothing at all': () => nothing,
  'all well': converged,
  'a master is off': (spec) => powerOff(converged(spec), spec.replicas[0]!.name),
  'etcd has died on a master': (spec) => {
    const off = powerOff(converged(spec), spec.replicas[0]!.name);
    const [first, ...others] = off.machines;
    const inside = { ...emptyInside, provisioned: true, etcdData: true, etcd: 'stopped' as const };
    return { ...off, machines: [{ ...first!, state: 'running', inside }, ...others] };
  },
  'a certificate has expired': (spec) =>
    withInside(converged(spec), spec.replicas[0]!.name, { certificateSecondsLeft: -1 }),
  'the nodes are off': (spec) => {
    const { nodes, ...rest } = converged(spec);
    const machines = nodes.machines.map((m) => ({ ...m, state: 'stopped' as const, inside: null }));
    return { ...rest, nodes: { ...nodes, machines } };
  },
} satisfies Readonly<Record<string, (spec: ClusterSpec) => Observation>>;

/** Of a cloud that routes pods' addresses and gives Services theirs. */
function withRoutes(o: Observation): Observation {
  const { routes, serviceNodes } = o.nodes;
  return { ...o, nodes: { ...o.nodes, routes: routes ?? [], serviceNodes: serviceNodes ?? [] } };
}

const specs = fc
  .record({
    replicas: fc.subarray(names, { minLength: 1 }),
    nodes: fc.subarray(['n0', 'n1']),
    deleting: fc.boolean(),
  })
  .map(
    ({ replicas, nodes, deleting }): ClusterSpec =>
      specOf(replicas, {
        nodes: nodes.map((name) => ({ name, zone: 'local-a' })),
        usedNames: [...names, 'n0', 'n1'],
        deleting,
      }),
  );

describe('what was seen lately', () => {
  test('never says what a fresh look would contradict, whatever steps ran since the last one', async () => {
    await fc.assert(
      fc.asyncProperty(
        specs,
        specs,
        fc.constantFrom(...Object.values(beginnings)),
        fc.array(fc.record({ pick: fc.nat(20), looks: fc.boolean(), ms: fc.nat(REUSE_MS) }), {
          maxLength: 60,
        }),
        async (from, to, begin, turns) => {
          let time = 0;
          const cache = lookCache<Observation, unknown>(() => time);
          let now = withRoutes(withName(begin({ ...from, deleting: false })));
          await lookThrough(cache, now, undefined);
          let since: Step[] = [];
          for (const { pick, looks, ms } of turns) {
            const { steps } = next(to, now, REVIVE);
            const step = steps[pick % steps.length];
            if (!step) break;
            now = withName(simulate(step, now));
            since.push(step);
            time += ms;
            if (!looks) continue;
            expect(await lookThrough(cache, now, since)).toEqual(now);
            since = [];
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test('is used again as long as no step has outdated it and it is not too old', async () => {
    let time = 0;
    let looks = 0;
    const cache = lookCache<number, number>(() => time);
    const see = async () => [
      await cache.cloud(async () => ++looks),
      await cache.inside('m0', async () => ++looks),
      await cache.inside('m1', async () => ++looks),
    ];
    expect(await see()).toEqual([1, 2, 3]);
    cache.forget([]);
    expect(await see()).toEqual([1, 2, 3]);
    cache.forget([{ kind: 'provision', replica: 'm1' }]);
    expect(await see()).toEqual([1, 2, 4]);
    cache.forget([{ kind: 'delete-balancer' }]);
    expect(await see()).toEqual([5, 2, 4]);
    cache.forget([{ kind: 'start-machine', replica: 'm0' }]);
    expect(await see()).toEqual([6, 7, 4]);
    time += REUSE_MS - 1;
    cache.forget([]);
    expect(await see()).toEqual([6, 7, 4]);
    time += 1;
    cache.forget([]);
    expect(await see()).toEqual([8, 9, 10]);
    cache.forget(undefined);
    expect(await see()).toEqual([11, 12, 13]);
  });

  test('is as old as the beginning of its look', async () => {
    let time = 0;
    const cache = lookCache<string, string>(() => time);
    await cache.cloud(async () => {
      time += REUSE_MS;
      return 'slow';
    });
    cache.forget([]);
    expect(await cache.cloud(async () => 'fresh')).toBe('fresh');
  });

  test('is nothing where the look failed', async () => {
    const cache = lookCache<string, string>(() => 0);
    await expect(cache.cloud(() => Promise.reject(new Error('no answer')))).rejects.toThrow('no answer');
    expect(await cache.cloud(async () => 'answer')).toBe('answer');
  });
});
