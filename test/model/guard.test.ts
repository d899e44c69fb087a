import fc from 'fast-check';
import { expect, test } from 'vitest';
import { applyChange, type Change } from '../../src/cluster/loop/apply-change.ts';
import { duties, type GuardMemory, nothingSeen } from '../../src/cluster/model/guard.ts';
import { memberOf } from '../../src/cluster/model/observation.ts';
import { reprieved } from '../../src/cluster/plan/rescue.ts';
import { withReplacements } from '../../src/cluster/plan/spec-changes.ts';
import { decide } from '../../src/guard/decide.ts';
import { withDeed } from '../../src/guard/remember.ts';
import type { GuardAct } from '../../src/guard/watch.ts';
import { nameOf, specOf } from '../support/clusters.ts';
import { instantly } from '../support/quick-clock.ts';
import { Violation } from '../support/violation.ts';
import { type Fate, SimulatedWorld } from '../support/world.ts';

const RUNS = Number(process.env.HAUP_GUARD_RUNS ?? 1000);
const { HAUP_MODEL_SEED = '20261126' } = process.env;
const AFTER_MS = 120_000;
const zones = ['local-a', 'local-b', 'local-c'];

interface Moment {
  readonly what: 'nothing' | 'power-off' | 'power-on' | 'wipe' | 'vanish' | 'age';
  readonly pick: number;
  /** Until the next look. */
  readonly seconds: number;
  readonly fate: Fate;
}

const moment = fc.record<Moment>({
  what: fc.constantFrom(
    'nothing',
    'nothing',
    'nothing',
    'power-off',
    'power-on',
    'power-on',
    'wipe',
    'vanish',
    'age',
  ),
  pick: fc.nat(20),
  seconds: fc.constantFrom(10, 10, 30, 60, 300),
  fate: fc.constantFrom<Fate>('works', 'works', 'works', 'fails', 'reply-lost'),
});

async function grown(replicas: number): Promise<SimulatedWorld> {
  const names = Array.from({ length: replicas }, (_, n) => `m${n}@${zones[n % zones.length]}`);
  const world = new SimulatedWorld(specOf(names));
  await change(world, (spec) => ({ ...spec }), true);
  return world;
}

async function change(world: SimulatedWorld, what: Change, revive: boolean): Promise<void> {
  const policy = { revive, renew: {} };
  const options = { dryRun: false, emit: () => {}, clock: instantly, policy };
  await applyChange(world, what, { ...options, mayBeUnfinished: revive, partly: revive });
}

async function perform(world: SimulatedWorld, { duty, replica, moves }: GuardAct): Promise<void> {
  const names = moves ? Object.keys(moves) : [replica!];
  if (duty === 'replace') await change(world, (spec) => withReplacements(spec, names, nameOf, moves), false);
  else await change(world, duty === 'repair' ? reprieved : (spec) => spec, true);
}

test('whatever happens, a guard never loses a quorum, and leaves alone what it cannot prove', async () => {
  let replaced = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 5 }),
      fc.array(moment, { maxLength: 25 }),
      fc.subarray([...zones, 'local-d']),
      async (size, moments, elsewhere) => {
        const world = await grown(size);
        let memory: GuardMemory = nothingSeen;
        let now = 0;
        for (const { what, pick, seconds, fate } of moments) {
          const { replicas } = world.spec();
          const name = replicas[pick % replicas.length]!.name;
          if (what === 'power-on') world.powerOn(name);
          else if (what === 'age') world.age();
          else if (what !== 'nothing') world.hurt(what, name);
          now += seconds * 1000;

          const had = world.hasQuorum();
          const observation = await world.observe();
          const verdict = decide(
            world.spec(),
            observation,
            memory,
            { may: new Set(duties), afterMs: AFTER_MS, elsewhere },
            now,
          );
          memory = verdict.memory;
          if (!verdict.act) continue;
          if (verdict.act.duty === 'replace') {
            replaced += 1;
            for (const lost of Object.keys(verdict.act.moves ?? { [verdict.act.replica!]: '' }))
              expect(memberOf(observation, lost), `${lost} lives`).toMatchObject({ healthy: false });
          }
          world.fate = () => fate;
          const failed = await perform(world, verdict.act).then(
            () => null,
            (error: unknown) => {
              const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
              if (cause instanceof Violation) throw cause;
              return String(error);
            },
          );
          world.fate = () => 'works';
          const { duty, replica, reason } = verdict.act;
          memory = withDeed(memory, { at: now, duty, replica, reason, failed });
          if (had) expect(world.hasQuorum(), `a quorum was lost by ${duty} ${replica}: ${reason}`).toBe(true);
        }
      },
    ),
    { numRuns: RUNS, ...(HAUP_MODEL_SEED === 'random' ? {} : { seed: Number(HAUP_MODEL_SEED) }) },
  );
  // Otherwise nothing was tried.
  expect(replaced).toBeGreaterThan(RUNS / 20);
});
