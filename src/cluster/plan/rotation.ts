/** What `haup rotate` makes of a spec, one phase after the other. Pure. */
import { type Generations, orderOf, servingOf } from '../model/generations.ts';
import { type Phase, ROTATED, type Rotated } from '../model/rotated.ts';
import { type ClusterSpec, type Revisable, revisable } from '../model/spec.ts';

/** Where a rotation stops until somebody says --finish: outside of the cluster there may be who has to act. */
const STOPS: ReadonlySet<Rotated> = new Set(['ca', 'kubelet-signing', 'service-account']);

type Ordered = Pick<ClusterSpec, 'generations'>;

export function phaseOf(spec: Ordered, what: Rotated): Phase {
  const [first = 1, second] = orderOf(spec, what);
  if (second === undefined) return 'rest';
  if (first < second) return 'both';
  return what === 'ca' && servingOf(spec) === first ? 'shown' : 'new';
}

/** Those that are under way. */
export function underWay(spec: Ordered): Rotated[] {
  return ROTATED.filter((what) => phaseOf(spec, what) !== 'rest');
}

export interface RotationWish {
  readonly what: readonly Rotated[];
  /** Goes past where a user may have to act. */
  readonly finish: boolean;
  /** Begins with those that are at rest. */
  readonly begin: boolean;
}

/** The numbers of those that are to take others' place, where they are not simply one more than what is there. */
export type Successors = Readonly<Partial<Record<Rotated, number>>>;

/** The next phase of each of them, all in one change of the replicas. Undefined: none goes on. */
export function advanced(
  spec: ClusterSpec,
  wish: RotationWish,
  successors: Successors = {},
): Revisable | undefined {
  const moved = wish.what.filter((what) => goesOn(spec, what, wish));
  if (moved.length === 0) return undefined;
  const turned = moved.map((what) => after(spec, what, successors));
  const generations: Generations = Object.assign({}, spec.generations, ...turned);
  const { serving, ...orders } = generations;
  const shows = serving === undefined || serving === orderOf({ generations }, 'ca')[0];
  return { ...revisable(spec), generations: shows ? orders : { ...orders, serving } };
}

/** Whether it has a next phase that may come now. */
export function goesOn(spec: Ordered, what: Rotated, { finish, begin }: RotationWish): boolean {
  const phase = phaseOf(spec, what);
  if (phase === 'rest') return begin;
  if (phase === 'both') return true;
  return finish || phase === 'shown' || !STOPS.has(what);
}

function after(spec: Ordered, what: Rotated, successors: Successors): Generations {
  const [first = 1, second = 1, ...older] = orderOf(spec, what);
  switch (phaseOf(spec, what)) {
    case 'rest':
      return { [what]: [first, successors[what] ?? first + 1] };
    case 'both':
      // Clients that have the old one alone go on believing what they are shown.
      return { [what]: [second, first, ...older], ...(what === 'ca' ? { serving: first } : {}) };
    case 'new':
      return what === 'ca' ? { serving: first } : { [what]: [first] };
    case 'shown':
      return { [what]: [first] };
  }
}

/** What a change of the replicas does to authorities and keys, by what they are. */
interface Turns {
  /** Two are believed now. */
  readonly begun: readonly Rotated[];
  /** The new one signs now. */
  readonly turned: readonly Rotated[];
  /** The old one is believed no more. */
  readonly ended: readonly Rotated[];
}

/** What a phase means for those who are not prepared for it: sentences for the plan. */
export function risksOf(spec: ClusterSpec): string[] {
  if (!rotates(spec)) return [];
  const shown =
    servingOf(spec.change!.before) !== servingOf(spec)
      ? ['clients that believe the old authority alone refuse the API servers from now on']
      : [];
  return [...shown, ...turnsOf(spec).ended.flatMap((what) => LOSES[what] ?? [])];
}

const LOSES: Readonly<Partial<Record<Rotated, string>>> = {
  ca: 'whoever has a kubeconfig of before is answered no more',
  'kubelet-signing': 'kubelets with certificates of before are answered no more',
  'service-account': 'tokens of before are good no more; pods get others within the hour',
  encryption: 'backups of before hold Secrets under the key that goes: take a new one afterwards',
};

/** Of the change that is under way. */
export function turnsOf({ change, generations }: ClusterSpec): Turns {
  const moved = (phase: Phase): Rotated[] =>
    change
      ? ROTATED.filter((what) => {
          const [was, is] = [phaseOf(change.before, what), phaseOf({ generations }, what)];
          return was !== is && is === phase;
        })
      : [];
  return { begun: moved('both'), turned: moved('new'), ended: moved('rest') };
}

/** True where the change has other authorities or keys at work. */
export function rotates(spec: ClusterSpec): boolean {
  const { change } = spec;
  return (
    change !== undefined &&
    (servingOf(change.before) !== servingOf(spec) ||
      ROTATED.some((what) => orderOf(change.before, what).join() !== orderOf(spec, what).join()))
  );
}

/** The spec when all replicas have what its change is about. `at`: RFC 3339. */
export function withoutChange(spec: ClusterSpec, at: string): ClusterSpec {
  const { change: _, rotating: before, ...kept } = spec;
  const { turned } = turnsOf(spec);
  const times = underWay(spec).flatMap((what) => {
    const since = turned.includes(what) ? at : before?.[what];
    return since === undefined ? [] : [[what, since] as const];
  });
  return times.length > 0 ? { ...kept, rotating: Object.fromEntries(times) } : kept;
}

export interface RotationStatus {
  readonly what: Rotated;
  readonly phase: Exclude<Phase, 'rest'>;
  /** RFC 3339: since when the new one is at work everywhere; null: it is not yet. */
  readonly since: string | null;
  /** Who still uses the old one, as sentences; null where that was not asked. */
  readonly users: readonly string[] | null;
}

export type UsersOfOld = Readonly<Partial<Record<Rotated, readonly string[]>>>;

/** What `haup status` says of rotations. */
export function rotationsOf(spec: ClusterSpec, users: UsersOfOld): RotationStatus[] {
  return ROTATED.flatMap((what) => {
    const phase = phaseOf(spec, what);
    if (phase === 'rest') return [];
    return [{ what, phase, since: spec.rotating?.[what] ?? null, users: users[what] ?? null }];
  });
}
