import { parse } from 'yaml';
import { exec } from '../../src/util/exec.ts';

/** The full names of all [Conformance] specs, sorted. */
export async function conformanceSpecs(e2e: string): Promise<string[]> {
  const listed = parse(await exec(e2e, ['--list-conformance-tests'])) as { codename: string }[];
  return listed.map(({ codename }) => codename).sort();
}

/** Specs that need the cluster for themselves, by their own word. */
export function wantsToBeAlone(name: string): boolean {
  return /\[(?:Serial|Disruptive)\]/.test(name);
}

/** Parts of the names of specs that wait for long, or measure how long something takes, which on a busy machine says nothing. */
const UNHURRIED = [
  'CronJob',
  'DisruptionTarget',
  'Guestbook',
  'Probing container',
  'StatefulSet',
  'compacted away',
  'failing subpath expansion',
  'honor timeout',
  'podspec updates',
  'session affinity',
  'updates should be reflected',
  'watch on custom resource definition objects',
];

/** What depends on a shell that Debian's busybox is not quite; see docs/conformance.md. */
const OF_THE_SHELL = ['environment variable names', 'read only busybox', 'via the environment'];

/** Specs for a run of minutes: others can run beside them, and none waits for long or measures time. */
export function isQuick(name: string): boolean {
  return (
    !wantsToBeAlone(name) &&
    !/\[Slow\]/.test(name) &&
    ![...UNHURRIED, ...OF_THE_SHELL].some((text) => name.includes(text))
  );
}

/** `count` of the names, the same for the same seed: an integer. */
export function sample(names: readonly string[], count: number, seed: number): string[] {
  const random = generator(seed);
  const left = [...names];
  const chosen: string[] = [];
  while (chosen.length < count && left.length > 0)
    chosen.push(...left.splice(Math.floor(random() * left.length), 1));
  return chosen;
}

/** The linear congruential generator of Numerical Recipes: numbers from 0 to 1 that look random. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
