import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type KindName, kinds } from '../../../../src/federation/model/kinds.ts';
import {
  FEDERATION_LABEL,
  PLACEMENT_ANNOTATION,
  UID_ANNOTATION,
} from '../../../../src/federation/model/names.ts';
import type { ApiObject } from '../../../../src/federation/model/object.ts';
import type { Sight } from '../../../../src/federation/model/sight.ts';
import { formDigest } from '../../../../src/federation/plan/form.ts';
import { type Act, next } from '../../../../src/federation/plan/next.ts';

const identity = { federation: 'world', uid: 'u1' };

function deployment(replicas: number, more: Partial<ApiObject['metadata']> = {}): ApiObject {
  const metadata = { name: 'nginx', namespace: 'web', generation: 1, ...more };
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: { replicas } };
}

function sight(cluster: string, more: Partial<Sight> = {}): Sight {
  return { cluster, state: 'ready', object: null, namespace: true, applied: null, ...more };
}

/** What a member would have after these acts. */
function turned(sights: readonly Sight[], acts: readonly Act[]): Sight[] {
  return sights.map((one) => {
    const act = acts.find(({ cluster }) => cluster === one.cluster);
    if (!act) return one;
    if (act.do === 'delete') return { ...one, object: null, applied: null };
    const object = {
      ...act.object,
      metadata: { ...act.object.metadata, uid: `uid-${one.cluster}`, resourceVersion: '1' },
    };
    return { ...one, object, applied: { digest: formDigest(act.object)!, resourceVersion: '1' } };
  });
}

const replicasOf = (sights: readonly Sight[]) => sights.map(({ object }) => object?.spec?.replicas);
const decide = (wanted: ApiObject | null, sights: readonly Sight[], kind: KindName = 'Deployment') =>
  next(kinds[kind], wanted, sights, identity);

describe('a federated object', () => {
  test('is put into every member, and that is all', () => {
    const made = turned([sight('a'), sight('b')], decide(deployment(4), [sight('a'), sight('b')]).acts);
    expect(replicasOf(made)).toEqual([2, 2]);
    expect(decide(deployment(4), made).acts).toEqual([]);
  });

  test('is brought back to its form when somebody changes it, once', () => {
    const made = turned([sight('a')], decide(deployment(4), [sight('a')]).acts);
    const changed = {
      ...made[0]!.object!,
      spec: { replicas: 9 },
      metadata: { ...made[0]!.object!.metadata, resourceVersion: '2' },
    };
    expect(decide(deployment(4), [{ ...made[0]!, object: changed }]).acts).toMatchObject([{ do: 'apply' }]);
    // A webhook made that of the last apply: another would end the same.
    const odd = { ...changed, metadata: { ...changed.metadata, resourceVersion: '1' } };
    expect(decide(deployment(4), [{ ...made[0]!, object: odd }]).acts).toEqual([]);
  });

  test('takes what it does not say any more away with it', () => {
    const made = turned([sight('a')], decide(deployment(4, { labels: { old: 'yes' } }), [sight('a')]).acts);
    expect(decide(deployment(4), made).acts).toMatchObject([{ do: 'apply' }]);
  });

  test('is deleted where the federation put it, and only there', () => {
    const made = turned([sight('a')], decide(deployment(1), [sight('a')]).acts);
    expect(decide(null, made).acts).toEqual([{ do: 'delete', cluster: 'a', uid: 'uid-a' }]);
    const foreign = { ...made[0]!.object!, metadata: { name: 'nginx', namespace: 'web', uid: 'other' } };
    expect(decide(null, [{ ...made[0]!, object: foreign }]).acts).toEqual([]);
    const other = { ...made[0]!.object!.metadata, annotations: { [UID_ANNOTATION]: 'u0' } };
    expect(decide(null, [{ ...made[0]!, object: { ...foreign, metadata: other } }]).acts).toEqual([]);
  });

  test('waits for its namespace, and while it is being deleted', () => {
    expect(decide(deployment(1), [sight('a', { namespace: false })]).acts).toEqual([]);
    expect(decide(deployment(1, { deletionTimestamp: 'now' }), [sight('a')]).acts).toEqual([]);
  });

  test('leaves a cluster that its placement names no more', () => {
    const made = turned([sight('a'), sight('b')], decide(deployment(4), [sight('a'), sight('b')]).acts);
    const only = deployment(4, { annotations: { [PLACEMENT_ANNOTATION]: '{"clusters":{"a":{}}}' } });
    const then = turned(made, decide(only, made).acts);
    expect(replicasOf(then)).toEqual([4, undefined]);
  });

  test('says what is wrong with its placement, and stays as it is', () => {
    const made = turned([sight('a')], decide(deployment(4), [sight('a')]).acts);
    const odd = deployment(9, { annotations: { [PLACEMENT_ANNOTATION]: 'x' } });
    expect(decide(odd, made)).toMatchObject({ acts: [], problem: expect.stringContaining('not JSON') });
  });

  test('gives what a lost member had to the others, and asks nothing of it', () => {
    const made = turned([sight('a'), sight('b')], decide(deployment(4), [sight('a'), sight('b')]).acts);
    const lost = [made[0]!, { ...made[1]!, state: 'lost' as const }];
    const { acts } = decide(deployment(4), lost);
    expect(acts).toMatchObject([{ do: 'apply', cluster: 'a', object: { spec: { replicas: 4 } } }]);
  });

  test('moves nothing because of a member that nobody has seen yet', () => {
    const made = turned([sight('a'), sight('b')], decide(deployment(4), [sight('a'), sight('b')]).acts);
    const seen = [made[0]!, sight('b', { state: 'unseen' })];
    expect(decide(deployment(4), seen)).toMatchObject({ acts: [], status: null });
  });

  test('sums up what its parts say', () => {
    const made = turned([sight('a'), sight('b')], decide(deployment(4), [sight('a'), sight('b')]).acts).map(
      (one) => ({
        ...one,
        object: { ...one.object!, status: { replicas: 2, readyReplicas: 1 } },
      }),
    );
    expect(decide(deployment(4), made).status).toMatchObject({ replicas: 4, readyReplicas: 2 });
  });

  test('splits a Job’s completions for good', () => {
    const job: ApiObject = {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'j', namespace: 'web' },
      spec: { completions: 6, parallelism: 2 },
    };
    const made = turned([sight('a'), sight('b')], decide(job, [sight('a'), sight('b')], 'Job').acts);
    expect(made.map(({ object }) => object?.spec)).toMatchObject([
      { completions: 3, parallelism: 1 },
      { completions: 3, parallelism: 1 },
    ]);
    const { acts } = decide(job, [made[0]!, { ...made[1]!, state: 'lost' }], 'Job');
    expect(acts).toMatchObject([{ cluster: 'a', object: { spec: { completions: 3, parallelism: 2 } } }]);
  });

  test('keeps the sum of a Job’s completions while a cluster is lost, and lets no cluster rest that has some', () => {
    const job: ApiObject = {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'j', namespace: 'web' },
      spec: { completions: 6, parallelism: 1 },
    };
    let sights = [sight('a'), sight('b')];
    for (let i = 0; i < 3; i++) sights = turned(sights, decide(job, sights, 'Job').acts);
    expect(sights.map(({ object }) => object?.spec)).toMatchObject([
      { completions: 3, parallelism: 1 },
      { completions: 3, parallelism: 1 },
    ]);
    const newcomer = [sights[0]!, { ...sights[1]!, state: 'lost' as const }, sight('c')];
    expect(decide(job, newcomer, 'Job').acts).toEqual([]);
    const resting = { ...job, spec: { completions: 6, parallelism: 0 } };
    const rested = turned(sights, decide(resting, sights, 'Job').acts);
    expect(rested.map(({ object }) => object?.spec?.parallelism)).toEqual([0, 0]);
  });

  test('gives no completions of a Job away that a cluster may have of which nothing is known', () => {
    const job: ApiObject = {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'j', namespace: 'web' },
      spec: { completions: 6, parallelism: 6 },
    };
    const two = [sight('a'), sight('b')];
    const [a] = turned(two, decide(job, two, 'Job').acts);
    const lost = { state: 'lost' as const };
    expect(decide(job, [a!, sight('b', { ...lost, known: false }), sight('c')], 'Job').acts).toEqual([]);
    const { acts } = decide(job, [a!, sight('b', lost), sight('c')], 'Job');
    expect(acts).toMatchObject([{ cluster: 'c', object: { spec: { completions: 3 } } }]);
  });

  describe('whose replicas an autoscaler leads', () => {
    const led = (cluster: string, more: Partial<Sight> = {}) => sight(cluster, { scaled: true, ...more });
    const scaledTo = (one: Sight, replicas: number, version: string): Sight => {
      const metadata = { ...one.object!.metadata, resourceVersion: version };
      return { ...one, object: { ...one.object!, metadata, spec: { ...one.object!.spec, replicas } } };
    };

    test('is made everywhere with one at least, and left as it is scaled, in one member alone too', () => {
      const first = [led('a'), led('b'), led('c')];
      const made = turned(first, decide(deployment(1), first).acts);
      expect(replicasOf(made)).toEqual([1, 1, 1]);
      const scaled = [scaledTo(made[0]!, 7, '2'), made[1]!, made[2]!];
      expect(decide(deployment(1), scaled).acts).toEqual([]);
      expect(decide(deployment(5), scaled).acts).toEqual([]);
    });

    test('keeps them when something else of it is changed', () => {
      const made = turned([led('a')], decide(deployment(1), [led('a')]).acts);
      const scaled = [scaledTo(made[0]!, 7, '2')];
      const { acts } = decide(deployment(1, { labels: { later: 'yes' } }), scaled);
      expect(acts).toMatchObject([{ do: 'apply', object: { spec: { replicas: 7 } } }]);
    });

    test('rests everywhere when none is wanted, and is shared out again without the autoscaler', () => {
      const two = [led('a'), led('b')];
      const made = turned(two, decide(deployment(2), two).acts).map((one) => scaledTo(one, 7, '2'));
      expect(replicasOf(turned(made, decide(deployment(0), made).acts))).toEqual([0, 0]);
      const free = made.map((one) => ({ ...one, scaled: false }));
      const sum = replicasOf(turned(free, decide(deployment(4), free).acts));
      expect(sum.reduce<number>((total, each) => total + Number(each), 0)).toBe(4);
    });

    test('is left alone while nobody knows whether it does', () => {
      const made = turned([sight('a')], decide(deployment(1), [sight('a')]).acts);
      const unknown = { ...scaledTo(made[0]!, 7, '2'), scaled: null };
      expect(decide(deployment(3), [unknown]).acts).toEqual([]);
    });
  });

  test('splits an autoscaler’s limits', () => {
    const spec = { minReplicas: 2, maxReplicas: 7, scaleTargetRef: { kind: 'Deployment', name: 'nginx' } };
    const hpa: ApiObject = {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'h', namespace: 'web' },
      spec,
    };
    const made = turned(
      [sight('a'), sight('b')],
      decide(hpa, [sight('a'), sight('b')], 'HorizontalPodAutoscaler').acts,
    );
    const limits = made.map(({ object }) => [object?.spec?.minReplicas, object?.spec?.maxReplicas]);
    expect(limits.map(([min]) => min)).toEqual([1, 1]);
    expect(limits.map(([, max]) => max as number).reduce((a, b) => a + b)).toBe(7);
  });

  const state = fc.constantFrom('ready', 'ready', 'lost', 'unseen') as fc.Arbitrary<Sight['state']>;
  const history = fc.record({
    kind: fc.constantFrom('Deployment', 'ReplicaSet') as fc.Arbitrary<KindName>,
    rebalance: fc.boolean(),
    turns: fc.array(
      fc.record({
        replicas: fc.option(fc.nat(12), { freq: 5 }),
        states: fc.tuple(state, state, state),
        /** Which acts are carried out: the controller may end in the middle of a turn. */
        done: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
        drift: fc.option(fc.nat(2), { freq: 5 }),
      }),
      { minLength: 1, maxLength: 8 },
    ),
  });

  test('converges whatever was cut off, keeps its sum, and touches nothing foreign', () => {
    fc.assert(
      fc.property(history, ({ kind, rebalance, turns }) => {
        const foreign = { ...deployment(1), metadata: { name: 'nginx', namespace: 'web', uid: 'foreign' } };
        let sights: Sight[] = [sight('a'), sight('b'), sight('c', { object: foreign })];
        let adopted = false;
        const annotations = { [PLACEMENT_ANNOTATION]: `{"rebalance":${rebalance}}` };
        const last = turns.at(-1)!.replicas;
        const wantedOf = (replicas: number | null) =>
          replicas === null ? null : deployment(replicas, { annotations });
        for (const { replicas, states, done, drift } of turns) {
          const wanted = wantedOf(replicas);
          if (wanted) adopted = true;
          sights = sights.map((one, i) => ({ ...one, state: states[i]! }));
          if (drift !== null && sights[drift]!.object?.metadata.labels?.[FEDERATION_LABEL]) {
            const { object } = sights[drift]!;
            const metadata = { ...object!.metadata, resourceVersion: `${Math.random()}` };
            sights[drift] = { ...sights[drift]!, object: { ...object!, metadata, spec: { replicas: 99 } } };
          }
          const { acts } = decide(wanted, sights, kind);
          for (const act of acts)
            expect(sights.find(({ cluster }) => cluster === act.cluster)!.state).toBe('ready');
          if (!adopted) expect(acts).toEqual([]);
          sights = turned(
            sights,
            acts.filter(({ cluster }) => done['abc'.indexOf(cluster)]),
          );
        }
        // Everybody is there again, and nothing is cut off any more.
        sights = sights.map((one) => ({ ...one, state: 'ready' }));
        const wanted = wantedOf(last);
        for (let i = 0; i < 3; i += 1) sights = turned(sights, decide(wanted, sights, kind).acts);
        expect(decide(wanted, sights, kind).acts).toEqual([]);
        const ours = sights.filter(({ object }) => object?.metadata.labels?.[FEDERATION_LABEL] === 'world');
        if (last === null) expect(ours).toEqual([]);
        else expect(ours.reduce((sum, { object }) => sum + Number(object!.spec!.replicas), 0)).toBe(last);
        if (!adopted) expect(sights[2]!.object).toBe(foreign);
      }),
      { numRuns: Number(process.env.HAUP_MODEL_RUNS ?? 300) },
    );
  });
});
