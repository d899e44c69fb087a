import fc from 'fast-check';
import { describe, test } from 'vitest';
import { nameOf, upwards } from '../../src/federation/dns/names.ts';
import { planRecords } from '../../src/federation/dns/plan.ts';
import {
  markNameOf,
  markOf,
  type NameChange,
  type RecordSet,
  readMark,
} from '../../src/federation/dns/records.ts';
import type { Shard } from '../../src/federation/model/shard.ts';
import { changedMeanwhile, MemoryZone } from '../support/memory-zone.ts';
import { Violation } from '../support/violation.ts';

const RUNS = Number(process.env.HAUP_MODEL_RUNS ?? 10_000);
const { HAUP_MODEL_SEED = '20261126' } = process.env;
const sample = { numRuns: RUNS, ...(HAUP_MODEL_SEED === 'random' ? {} : { seed: Number(HAUP_MODEL_SEED) }) };

const settings = { federation: 'fed', domain: 'example.com.', ttl: 60, owner: 'uid-1' };
const MEMBERS = [
  { cluster: 'a', region: 'eu', zone: 'eu-1' },
  { cluster: 'b', region: 'eu', zone: 'eu-2' },
  { cluster: 'c', region: 'us', zone: 'us-1' },
  { cluster: 'd', region: 'us', zone: '' },
  { cluster: 'e', region: '', zone: '' },
];
const SERVICES = ['web', 'api'].map((name) => ({ name, namespace: 'ns' }));
const every = SERVICES.flatMap((service) => MEMBERS.map((member) => ({ service, ...member })));

const addresses = fc.subarray(['192.0.2.1', '192.0.2.2', '2001:db8::1', 'lb.example.net'], { maxLength: 2 });
const shard = fc.record({ health: fc.constantFrom('healthy' as const, 'unhealthy' as const), addresses });

/** What happens between two turns of the controller. */
const act = fc.oneof(
  { weight: 6, arbitrary: fc.record({ what: fc.constant('shard' as const), which: fc.nat(), state: shard }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('leave' as const), which: fc.nat() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      what: fc.constant('foreign' as const),
      which: fc.nat(),
      type: fc.constantFrom('A', 'CNAME', 'MX', 'mark'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('foreign-leaves' as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('drift' as const), which: fc.nat() }) },
);
const turn = fc.record({
  acts: fc.array(act, { maxLength: 4 }),
  /** Happens between the read and the first batch. */
  meanwhile: fc.option(act, { freq: 4 }),
  perBatch: fc.integer({ min: 1, max: 3 }),
  /** Batches that are carried out before the controller dies; more than there are: none. */
  dies: fc.nat({ max: 12 }),
});
type Act = typeof act extends fc.Arbitrary<infer T> ? T : never;

class World {
  readonly zone = new MemoryZone();
  readonly shards = new Map<string, Shard>();
  foreign: readonly RecordSet[] = [];

  do(one: Act): void {
    const place = every[('which' in one ? one.which : 0) % every.length]!;
    const key = `${place.service.name}/${place.cluster}`;
    const name = nameOf(settings, place.service, place);
    if (one.what === 'shard') this.shards.set(key, { ...place, ...one.state });
    if (one.what === 'leave') this.shards.delete(key);
    if (one.what === 'foreign') this.put(one.type, name);
    if (one.what === 'foreign-leaves') {
      const gone = this.foreign.filter((set) => set.name === name || set.name === markNameOf(name));
      this.foreign = this.foreign.filter((set) => !gone.includes(set));
      this.zone.sets = this.zone.sets.filter((set) => !gone.includes(set));
    }
    if (one.what === 'drift') {
      const ours = this.ours();
      const victim = ours[one.which % Math.max(1, ours.length)];
      this.zone.sets = this.zone.sets.filter((set) => set !== victim);
      // What has lost its mark is nobody's that we know.
      if (victim)
        this.foreign = [...this.foreign, ...ours.filter((set) => victim.name === markNameOf(set.name))];
    }
  }

  /** Somebody else's record, where DNS allows it. */
  put(type: string, name: string): void {
    const set: RecordSet =
      type === 'mark'
        ? markOf(name, 'uid-2', 60, { change: 1, types: ['A'] })
        : { name, type, ttl: 5, values: type === 'CNAME' ? ['elsewhere.net.'] : ['198.51.100.9'] };
    if (this.zone.refuses(set)) return;
    const mark = this.ours().find((one) => one.name === markNameOf(name));
    this.zone.sets = [...this.zone.sets, set];
    // Of a type that our mark at this name claims: drift, to be put right.
    if (mark && readMark(mark, settings.owner)?.types.includes(type)) return;
    this.foreign = [...this.foreign, set];
  }

  untouched(): boolean {
    const there = new Set(this.zone.sets);
    return this.foreign.every((set) => there.has(set));
  }

  ours(): readonly RecordSet[] {
    return this.zone.sets.filter((set) => !this.foreign.includes(set));
  }

  plan(): ReturnType<typeof planRecords> {
    return planRecords(settings, [...this.shards.values()], this.zone.sets);
  }
}

/** Carries out batch after batch and looks at each state between them. @returns whether it came to its end */
function carryOut(
  world: World,
  changes: readonly NameChange[],
  { perBatch, dies, quiet }: { perBatch: number; dies: number; quiet: boolean },
): boolean {
  const before = world.zone.sets;
  for (let index = 0; index * perBatch < changes.length; index++) {
    if (index === dies) return false;
    try {
      world.zone.apply(changes.slice(index * perBatch, (index + 1) * perBatch));
    } catch (error) {
      if (changedMeanwhile(error)) return false;
      throw error;
    }
    if (!world.untouched()) throw new Violation('a foreign record is gone');
    if (!quiet) continue;
    for (const { name } of changes) {
      if (answer(world.zone.sets, name).length > 0) continue;
      if (answer(before, name).length > 0 && wantedAnswer(world, name)?.length)
        throw new Violation(`${name} has no answer between two batches`);
    }
  }
  return true;
}

/** What a resolver finds: addresses, following CNAMEs. */
function answer(sets: readonly RecordSet[], name: string): readonly string[] {
  const here = sets.filter((set) => set.name === name);
  const cname = here.find(({ type }) => type === 'CNAME');
  if (cname) return answer(sets, cname.values[0]!);
  return here
    .filter(({ type }) => type === 'A' || type === 'AAAA')
    .flatMap(({ values }) => values)
    .sort();
}

/** The addresses of the healthy shards of the nearest level that has any, levels that others hold left out. */
function wantedAnswer(world: World, name: string): readonly string[] | null {
  const found = places(world).find((one) => one.name === name);
  if (!found) return [];
  for (const place of upwards(found.place)) {
    const at = nameOf(settings, found.service, place);
    const others = world.foreign.filter((set) => set.name === at || set.name === markNameOf(at));
    const isOurs = world.ours().some((set) => set.name === markNameOf(at));
    if (others.length > 0 && !isOurs) continue;
    // Somebody's addresses beside ours.
    if (others.some(({ type }) => type !== 'MX')) return null;
    const healthy = [...world.shards.values()].filter(
      (one) =>
        one.health === 'healthy' &&
        one.service.name === found.service.name &&
        (!place.region || one.region === place.region) &&
        (!place.zone || one.zone === place.zone),
    );
    const all = [...new Set(healthy.flatMap((one) => one.addresses))].filter((one) => !one.startsWith('lb.'));
    if (all.length > 0) return all.sort();
  }
  return [];
}

function places(world: World) {
  const shards = [...world.shards.values()];
  const all = new Map(
    shards.flatMap((one) => upwards(one)).map((place) => [`${place.region}/${place.zone}`, place]),
  );
  return SERVICES.filter(({ name }) => shards.some(({ service }) => service.name === name)).flatMap(
    (service) =>
      [...all.values()].map((place) => ({ service, place, name: nameOf(settings, service, place) })),
  );
}

function isTaken(world: World, name: string): boolean {
  return world.foreign.some((set) => set.name === name || set.name === markNameOf(name));
}

function look(world: World): void {
  const healthy = (set: RecordSet, address: string): boolean =>
    [...world.shards.values()].some(
      (one) =>
        one.health === 'healthy' &&
        one.addresses.includes(address) &&
        upwards(one).some((place) => nameOf(settings, one.service, place) === set.name),
    );
  for (const set of world.ours()) {
    if (set.type !== 'A' && set.type !== 'AAAA') continue;
    const bad = set.values.find((value) => !healthy(set, value));
    if (bad) throw new Violation(`${set.name} leads to ${bad}`);
  }
  for (const { name } of places(world)) {
    const wanted = wantedAnswer(world, name);
    if (!isTaken(world, name) && wanted && String(answer(world.zone.sets, name)) !== String(wanted))
      throw new Violation(`${name} leads to ${answer(world.zone.sets, name)}`);
  }
  const names = new Set(places(world).map(({ name }) => name));
  for (const set of world.ours())
    if (!names.has(set.name.replace('_haup.', ''))) throw new Violation(`${set.name} is of nothing`);
  const { changes } = world.plan();
  if (changes.length > 0) throw new Violation(`a second turn changes ${changes.map(({ name }) => name)}`);
}

describe('records of a federation', () => {
  test('lead to the nearest healthy shards after each turn, whatever happened in between', () => {
    fc.assert(
      fc.property(fc.array(turn, { minLength: 1, maxLength: 4 }), (turns) => {
        const world = new World();
        for (const { acts, meanwhile, perBatch, dies } of turns) {
          for (const one of acts) world.do(one);
          const { changes } = world.plan();
          if (meanwhile) world.do(meanwhile);
          const quiet = !meanwhile && world.foreign.length === 0;
          const whole = carryOut(world, changes, { perBatch, dies, quiet });
          // A shard that changed after the read is the next turn's, as is what a crash or a lost race has left.
          if (!whole || meanwhile)
            carryOut(world, world.plan().changes, { perBatch, dies: Number.POSITIVE_INFINITY, quiet });
          look(world);
        }
      }),
      sample,
    );
  });
});
