import fc from 'fast-check';
import { afterAll, beforeAll, describe, test, vi } from 'vitest';
import { ApiRefusal } from '../../src/federation/controller/api.ts';
import type { Controller } from '../../src/federation/controller/controller.ts';
import { leaveSteps } from '../../src/federation/members/leave.ts';
import type { KindName } from '../../src/federation/model/kinds.ts';
import { FEDERATION_LABEL, PLACEMENT_ANNOTATION, UID_ANNOTATION } from '../../src/federation/model/names.ts';
import { type ApiObject, fieldsOf } from '../../src/federation/model/object.ts';
import { isOurs } from '../../src/federation/plan/form.ts';
import { placementOf, preferenceOf } from '../../src/federation/plan/placement.ts';
import type { Preference } from '../../src/federation/plan/replicas.ts';
import { memoryApi } from '../support/memory-api.ts';
import { IDENTITY, type MemoryFederation, memoryFederation, pathOf } from '../support/memory-federation.ts';
import { Violation } from '../support/violation.ts';

/** A history costs some ten milliseconds of the whole controller: CI looks at fewer of them than of the pure plans. */
const RUNS = Number(process.env.HAUP_MODEL_RUNS ?? 300);
const { HAUP_MODEL_SEED = '20261126' } = process.env;
const sample = { numRuns: RUNS, ...(HAUP_MODEL_SEED === 'random' ? {} : { seed: Number(HAUP_MODEL_SEED) }) };

const CLUSTERS = ['a', 'b', 'c'] as const;
type Cluster = (typeof CLUSTERS)[number];
const OBJECTS = [
  { kind: 'ConfigMap', name: 'm' },
  { kind: 'Deployment', name: 'd' },
  { kind: 'ReplicaSet', name: 'r' },
  { kind: 'Job', name: 'j' },
  { kind: 'HorizontalPodAutoscaler', name: 'h' },
] as const satisfies readonly { kind: KindName; name: string }[];
type Which = (typeof OBJECTS)[number];

const PLACEMENTS = [
  undefined,
  '{"clusters":{"a":{},"b":{}}}',
  '{"rebalance":true,"clusters":{"a":{"weight":3,"maxReplicas":4},"*":{"weight":1}}}',
  '{"clusters":{"c":{"minReplicas":2,"weight":1},"*":{"maxReplicas":3,"weight":2}}}',
  '{"rebalance":true,"clusters":{"b":{"minReplicas":1}}}',
  'not JSON',
];

const which = fc.constantFrom(...OBJECTS);
const cluster = fc.constantFrom(...CLUSTERS);
const act = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('put' as const),
      which,
      many: fc.nat(9),
      placement: fc.constantFrom(...PLACEMENTS),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), which }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('drift' as const),
      which,
      cluster,
      how: fc.constantFrom('change', 'delete', 'unmark'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('foreign' as const), which, cluster, of: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('away' as const), cluster }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('back' as const), cluster }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), cluster }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('join' as const), cluster }) },
  // The next one stumbles over one of its first calls.
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('crash' as const),
      stumbles: fc.option(fc.nat(60), { nil: 1e9 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('compact' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('mishap' as const),
      /** After so many calls from now. */
      after: fc.nat(30),
      what: fc.constantFrom('refused', 'slow', 'reply lost', 'hangs', 'crash', 'crash after'),
    }),
  },
);
type Act = typeof act extends fc.Arbitrary<infer T> ? T : never;
const turn = fc.record({ act, pause: fc.constantFrom(0, 0, 100, 400, 3_000, 15_000) });

const STEP_MS = 100;
/** Whoever was told something before may still act on it for so long: calls hang, and members are asked again. */
const LAG_MS = 20_000;

/** Time passes in steps; between them everything that can go on goes on. */
async function pass(ms: number): Promise<void> {
  for (let at = 0; at < ms; at += STEP_MS) {
    vi.advanceTimersByTime(STEP_MS);
    await new Promise(setImmediate);
  }
  await new Promise(setImmediate);
}

class World {
  readonly fed: MemoryFederation = memoryFederation(
    new Map(CLUSTERS.map((name) => [name, memoryApi({ uid: `${name}-` })])),
  );
  readonly away = new Set<Cluster>();
  readonly joined = new Set<Cluster>();
  /** Since when something is wanted in a cluster, or until when it was: what may have been known of it. */
  readonly lastWanted = new Map<string, number>();
  readonly lastUnwanted = new Map<string, number>();
  /** By cluster and path, what somebody else put there and the federation had no reason to touch. */
  readonly foreign = new Map<string, string>();
  violation: Violation | null = null;
  calls = 0;
  quiet = true;
  readonly asked: string[] = [];
  mishap: { at: number; what: string } | null = null;
  run = 0;
  controller: Controller | null = null;

  constructor() {
    const { own } = this.fed;
    own.put(pathOf('Namespace', 'web'), {});
    for (const name of CLUSTERS) this.join(name);
    this.look();
    this.start();
  }

  start(): void {
    const run = ++this.run;
    this.controller = this.fed.start({
      onCall: (to, method, path, body) => this.onCall(run, to, method, path, body),
      onReply: (_, method, path) => this.onReply(run, method, path),
    });
  }

  crash(): void {
    this.controller!.close();
    this.start();
  }

  onCall(run: number, to: string | null, method: string, path: string, body: unknown): void | Promise<void> {
    if (run !== this.run) return new Promise(() => {});
    this.asked.push(`${to ?? 'own'} ${method} ${path.split('?')[0]}`);
    if (to !== null && this.away.has(to as Cluster)) throw new Error('ECONNREFUSED');
    this.calls++;
    const { mishap } = this;
    if (mishap && this.calls >= mishap.at && method !== 'WATCH') {
      if (mishap.what === 'crash') {
        this.mishap = null;
        queueMicrotask(() => this.crash());
        return new Promise(() => {});
      }
      if (mishap.what === 'slow' && method !== 'GET') {
        this.mishap = null;
        if (to !== null) this.judge(to as Cluster, method, path, body);
        return new Promise((resolve) => setTimeout(resolve, 3_000));
      }
      if (mishap.what === 'refused' || mishap.what === 'hangs') {
        this.mishap = null;
        if (mishap.what === 'refused') throw new ApiRefusal(500, 'InternalError', 'mishap');
        return new Promise((_, reject) => setTimeout(() => reject(new Error('no answer')), 15_000));
      }
    }
    if (to !== null) this.judge(to as Cluster, method, path, body);
  }

  onReply(run: number, method: string, path: string): void | Promise<void> {
    const { mishap } = this;
    if (run !== this.run) return new Promise(() => {});
    if (!mishap || this.calls < mishap.at || method === 'GET') return;
    if (mishap.what === 'reply lost') {
      this.mishap = null;
      throw new Error(`no reply (${path})`);
    }
    if (mishap.what === 'crash after') {
      this.mishap = null;
      queueMicrotask(() => this.crash());
      return new Promise(() => {});
    }
  }

  /** Whether there is a reason for a write to a member. */
  judge(name: Cluster, method: string, path: string, body: unknown): void {
    if (method !== 'PATCH' && method !== 'DELETE') return;
    const at = path.split('?')[0]!;
    const one = OBJECTS.find(({ kind, name: object }) => pathOf(kind, object) === at);
    if (!one) return;
    const key = `${name} ${at}`;
    const recently = (times: Map<string, number>) => Date.now() - (times.get(key) ?? -1e9) <= LAG_MS;
    const there = this.member(name).get(at);
    if (method === 'PATCH' && !recently(this.lastWanted))
      this.accuse(`${at} was applied in ${name} without need`);
    if (method === 'DELETE') {
      // An autoscaler that gets nothing of its limits goes too.
      if (one.kind !== 'HorizontalPodAutoscaler' && !recently(this.lastUnwanted))
        this.accuse(`${at} was deleted in ${name}, where it is wanted`);
      const { uid } = fieldsOf(fieldsOf(body).preconditions);
      if (there && there.metadata.uid === uid && !isOurs(there, IDENTITY) && this.foreign.has(key))
        this.accuse(`${at} in ${name} is another’s, and was deleted`);
    }
    const promised = there?.spec?.completions;
    if (method === 'PATCH' && there && isOurs(there, IDENTITY) && promised !== undefined)
      if (fieldsOf((body as ApiObject).spec).completions !== promised)
        this.accuse(`the completions of ${at} in ${name} were to change`);
  }

  accuse(words: string): void {
    this.violation ??= new Violation(words);
  }

  member(name: Cluster) {
    return this.fed.members.get(name)!;
  }

  wanted({ kind, name }: Which): ApiObject | null {
    return this.fed.own.get(pathOf(kind, name));
  }

  /** Null: nowhere, or nobody can say where. */
  preference(one: Which, name: Cluster): Preference | null {
    const wanted = this.wanted(one);
    const placement = wanted ? placementOf(wanted) : '';
    return typeof placement === 'string' ? null : preferenceOf(placement, name);
  }

  /** Notes what is wanted where now. */
  look(): void {
    for (const one of OBJECTS)
      for (const name of CLUSTERS) {
        const path = pathOf(one.kind, one.name);
        const key = `${name} ${path}`;
        const object = this.wanted(one);
        const isOdd = object !== null && typeof placementOf(object) === 'string';
        const isWanted = this.joined.has(name) && this.preference(one, name) !== null;
        if (isWanted) this.lastWanted.set(key, Date.now());
        else if (!isOdd) this.lastUnwanted.set(key, Date.now());
        if (isWanted || Date.now() - (this.lastWanted.get(key) ?? -1e9) <= LAG_MS) this.foreign.delete(key);
        const was = this.foreign.get(key);
        if (was !== undefined && was !== JSON.stringify(this.member(name).get(path)))
          this.accuse(`${path} in ${name} is another’s, and was touched`);
      }
    if (this.violation) throw this.violation;
  }

  join(name: Cluster): void {
    if (this.joined.has(name)) return;
    this.joined.add(name);
    this.fed.join(name);
  }

  async do(one: Act): Promise<void> {
    if (one.do === 'put') this.put(one);
    if (one.do === 'remove') this.fed.own.remove(pathOf(one.which.kind, one.which.name));
    if (one.do === 'drift') this.drift(one);
    if (one.do === 'foreign') this.putForeign(one);
    if (one.do === 'away') {
      this.away.add(one.cluster);
      this.member(one.cluster).cut();
    }
    if (one.do === 'back') this.away.delete(one.cluster);
    if (one.do === 'leave') await this.leave(one.cluster);
    if (one.do === 'join') this.join(one.cluster);
    if (one.do === 'crash') {
      this.crash();
      this.mishap = { at: this.calls + one.stumbles, what: 'refused' };
    }
    if (one.do === 'compact')
      for (const api of [this.fed.own, ...this.fed.members.values()]) {
        api.forget();
        api.cut();
      }
    if (one.do === 'mishap') this.mishap = { at: this.calls + one.after, what: one.what };
  }

  put({ which: { kind, name }, many, placement }: Act & { do: 'put' }): void {
    const annotations: Record<string, string> =
      placement === undefined ? {} : { [PLACEMENT_ANNOTATION]: placement };
    const path = pathOf(kind, name);
    const before = this.fed.own.get(path);
    // What an API server does not let change.
    const completions = before?.spec?.completions ?? many;
    const spec = {
      ConfigMap: undefined,
      Deployment: { replicas: many },
      ReplicaSet: { replicas: many },
      Job: { completions, parallelism: many },
      HorizontalPodAutoscaler: {
        ...{ minReplicas: 1, maxReplicas: many + 1 },
        scaleTargetRef: { kind: 'StatefulSet', name: 's' },
      },
    }[kind];
    const fields = spec ? { spec } : { data: { v: String(many) } };
    this.fed.own.put(path, { metadata: { name, annotations }, ...fields });
  }

  drift({ which: { kind, name }, cluster: where, how }: Act & { do: 'drift' }): void {
    const path = pathOf(kind, name);
    const object = this.member(where).get(path);
    if (!object || !isOurs(object, IDENTITY)) return;
    if (how === 'delete') this.member(where).remove(path);
    else if (how === 'unmark') {
      const { [FEDERATION_LABEL]: _, ...labels } = object.metadata.labels!;
      this.member(where).put(path, { ...object, metadata: { ...object.metadata, labels } });
    } else if (kind === 'ConfigMap') this.member(where).put(path, { ...object, data: { v: 'drift' } });
    else if (kind !== 'Job')
      this.member(where).put(path, { ...object, spec: { ...object.spec, replicas: 77, maxReplicas: 77 } });
  }

  putForeign({ which: { kind, name }, cluster: where, of }: Act & { do: 'foreign' }): void {
    const path = pathOf(kind, name);
    if (this.member(where).get(path)) return;
    this.member(where).put(
      pathOf('Namespace', 'web'),
      this.member(where).get(pathOf('Namespace', 'web')) ?? {},
    );
    const marks = { labels: { [FEDERATION_LABEL]: 'world' }, annotations: { [UID_ANNOTATION]: 'another' } };
    const object = this.member(where).put(path, {
      metadata: { name, ...(of ? marks : {}) },
      data: { v: 'mine' },
    });
    this.foreign.set(`${where} ${path}`, JSON.stringify(object));
    this.look();
  }

  /** As `haup federation unjoin`, once the controller has let go; else nobody is told that it has left. */
  async leave(name: Cluster): Promise<void> {
    if (!this.joined.has(name) || this.away.has(name)) return;
    this.fed.leave(name);
    for (let i = 0; i < 250 && this.fed.statusOf(name).phase !== 'Left'; i++) {
      this.look();
      await pass(STEP_MS);
    }
    if (this.fed.statusOf(name).phase !== 'Left') throw new Violation(`${name} was never let go`);
    this.joined.delete(name);
    const request = { federation: this.fed.own.client(), member: this.member(name).client(), name: 'world' };
    const { signal } = new AbortController();
    for (const { run } of await leaveSteps({ ...request, cluster: name, cascade: false, signal }))
      await run();
    for (const one of OBJECTS) this.lastWanted.delete(`${name} ${pathOf(one.kind, one.name)}`);
  }

  /** What is not as it should be once nothing befalls it any more; null: all is well. */
  trouble(): string | null {
    for (const one of OBJECTS) {
      const wanted = this.wanted(one);
      if (wanted && typeof placementOf(wanted) === 'string') continue;
      const path = pathOf(one.kind, one.name);
      for (const name of CLUSTERS) {
        const object = this.member(name).get(path);
        const ours = object !== null && isOurs(object, IDENTITY);
        const isPlaced = this.joined.has(name) && this.preference(one, name) !== null;
        if (ours && !isPlaced) return `${path} is still in ${name}`;
        if (
          one.kind === 'ConfigMap' &&
          isPlaced &&
          String(fieldsOf(object?.data).v) !== fieldsOf(wanted!.data).v
        )
          return `${path} in ${name} is not as it is wanted`;
      }
      const sum = wanted && this.sumTrouble(one, wanted);
      if (sum) return `${path}: ${sum}`;
    }
    return null;
  }

  sumTrouble(one: Which, wanted: ApiObject): string | null {
    const field = { Deployment: 'replicas', ReplicaSet: 'replicas', HorizontalPodAutoscaler: 'maxReplicas' }[
      one.kind as string
    ];
    if (field === undefined) return null;
    const all = Number(wanted.spec![field]);
    const placed = [...this.joined].flatMap((name) => {
      const preference = this.preference(one, name);
      const object = this.member(name).get(pathOf(one.kind, one.name));
      // Where none is to be, nothing that is there of somebody's is adopted.
      const has = object && isOurs(object, IDENTITY) ? Number(object.spec?.[field] ?? 0) : 0;
      return preference ? [{ ...preference, has }] : [];
    });
    const sum = placed.reduce((total, { has }) => total + has, 0);
    const least = placed.reduce((total, { min }) => total + min, 0);
    if (sum > all) return `${sum} of ${all}`;
    const full = placed.find(({ has, max }) => max !== null && has > max);
    if (full) return `${full.has} where ${full.max} is the most`;
    if (least <= all && placed.some(({ has, min }) => has < min)) return 'less than the least';
    const room = placed.some(({ has, max, weight }) => weight > 0 && (max === null || has < max));
    return room && sum !== all ? `${sum} of ${all}, and there is room` : null;
  }

  async settle(): Promise<void> {
    this.mishap = null;
    this.away.clear();
    let words: string | undefined | null = 'nothing yet';
    for (let waited = 0; waited < 300_000 && words; waited += 4_000) {
      this.asked.length = 0;
      await pass(4_000);
      this.look();
      words = this.trouble() ?? this.asked.find((call) => !call.endsWith('/readyz'));
    }
    if (words) throw new Violation(`after five minutes: ${words}`);
  }
}

describe('objects of a federation', () => {
  beforeAll(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] });
  });
  afterAll(() => {
    vi.useRealTimers();
  });

  test('come to be in the members as they are wanted, whatever happened, and nothing else is touched', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(turn, { minLength: 1, maxLength: 12 }), async (turns) => {
        const world = new World();
        try {
          await pass(1_000);
          for (const { act: one, pause } of turns) {
            world.look();
            await world.do(one);
            world.look();
            await pass(pause);
          }
          await world.settle();
        } finally {
          world.controller!.close();
          vi.clearAllTimers();
        }
      }),
      sample,
    );
  });
});
