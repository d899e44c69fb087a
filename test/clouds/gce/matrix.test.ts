import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seeded } from '../../support/seeded.ts';
import { want } from '../shared/story.ts';
import { type Harness, startGce, ZONES } from './harness.ts';
import { disturbed, mattersTo, troubles, undisturbed } from './matrix.ts';
import { unusual, usual } from './rules.ts';

const [b, c, d] = ZONES;
const first = `demo-master@${b}`;
const second = `demo-master-abc@${c}`;
const third = `demo-master-def@${d}`;
/** 1 → 2 → 1 → 2 → replace the survivor → nothing. */
const story = [
  want(1, first),
  want(2, first, second),
  want(3, first),
  want(4, first, third),
  want(5, third),
  want(6),
];
/** How many calls each trouble hits: `HAUP_GCE_MATRIX=20`, or `all` of them (half an hour of one core). */
const { HAUP_GCE_MATRIX: asked = '5' } = process.env;
const SAMPLE = asked === 'all' ? Number.POSITIVE_INFINITY : Number(asked);
/** Which ones: `HAUP_SEED=n` for another choice. */
const SEED = Number(process.env.HAUP_SEED ?? 1);

let hit = 0;
let all = 0;
let gce: Harness;
beforeAll(async () => {
  gce = await startGce();
});
afterAll(async () => {
  process.stdout.write(
    `figure: GCE, a fault at a call: ${hit} of ${all} pairs tried, HAUP_SEED=${SEED} chose them\n`,
  );
  await gce.close();
});

describe.each([
  ['as the reference reads', usual, 1],
  ['as it could also be', unusual, 2],
] as const)('with the unsure rules %s', (_name, rules, set) => {
  const options = { rules, pageSize: 2 };

  it.each(Object.entries(troubles))(
    'a cluster comes through: %s',
    async (name, trouble) => {
      const { calls, footprints } = await undisturbed(gce, options, story);
      const places = calls.flatMap((method, index) => (mattersTo(trouble, name, method) ? [index] : []));
      const broken: string[] = [];
      const chosen = sample(places, SAMPLE, SEED * 10_000 + set * 1000 + name.length);
      hit += chosen.length;
      all += places.length;
      for (const at of chosen) {
        await disturbed(gce, options, story, trouble, at, footprints).catch((error: unknown) => {
          broken.push(`at call ${at}, ${calls[at]}: ${String(error)}`);
        });
      }
      expect(broken).toEqual([]);
    },
    3_600_000,
  );
});

/** A reproducible choice without repetition. */
function sample(places: readonly number[], count: number, seed: number): number[] {
  const random = seeded(seed);
  return places
    .map((place) => ({ place, lot: random() }))
    .sort((a, b) => a.lot - b.lot)
    .slice(0, count)
    .map(({ place }) => place);
}
