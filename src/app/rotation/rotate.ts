import { randomBytes } from 'node:crypto';
import { NotFoundError, Refusal } from '../../cluster/model/errors.ts';
import { orderOf } from '../../cluster/model/generations.ts';
import { PHASES, type Rotated } from '../../cluster/model/rotated.ts';
import type { ClusterSpec, Revisable } from '../../cluster/model/spec.ts';
import { advanced, goesOn, phaseOf, type RotationWish, underWay } from '../../cluster/plan/rotation.ts';
import { withReplacements, withRevision } from '../../cluster/plan/spec-changes.ts';
import { makeGeneration } from '../../cluster/world/keys.ts';
import { newReplicaName } from '../../replicas/names.ts';
import type { Secrets, Store } from '../../state/store.ts';
import { type ChangeOutcome, changed, type Environment, type OpenCluster } from '../operations.ts';
import { nextPhase } from './next-phase.ts';
import { askingOf, usersOfOld } from './old-users.ts';
import { othersNodes } from './others-nodes.ts';

export interface RotateRequest {
  readonly what: readonly Rotated[];
  /** Gives up the old ones, where that was left to the user. */
  readonly finish: boolean;
  /** Whoever still uses them. */
  readonly force: boolean;
  /** No backup goes before it. */
  readonly withoutBackup: boolean;
  /** Replicas that somebody else may have been on: replaced before anything else, so that they learn none of the new keys. */
  readonly replace: readonly string[];
}

/**
 * Gives authorities and keys successors, phase by phase: each is a change of the replicas of its own, and one that was cut off is finished
 * by a repair. A dry run shows the next phase.
 * @throws Refusal where somebody still uses what is to be given up
 */
export function rotate(
  env: Environment,
  cluster: string,
  request: RotateRequest,
  dryRun: boolean,
): Promise<ChangeOutcome> {
  const work = async (open: OpenCluster): Promise<ChangeOutcome> => {
    const began = env.now();
    const replaced = await replaceFirst(env, open, request.replace, dryRun);
    if (replaced && dryRun) return replaced;
    let wish: RotationWish = { ...request, begin: !request.finish || request.replace.length > 0 };
    let last = replaced;
    for (;;) {
      const before = open.world.spec();
      if (!wish.begin && !last) expectSomething(before, request);
      const ends = advanced(before, wish) !== undefined;
      if (last && !ends) return { ...last, seconds: (env.now() - began) / 1000 };
      last = await phase(env, open, wish, request, dryRun);
      if (dryRun || !ends) return last;
      wish = { ...wish, begin: false };
    }
  };
  return env.locked(cluster, 'rotate', work, request.replace.length || undefined);
}

/** Undefined: none is to be, or all have been, by a run that was cut off later. */
async function replaceFirst(
  env: Environment,
  open: OpenCluster,
  names: readonly string[],
  dryRun: boolean,
): Promise<ChangeOutcome | undefined> {
  const { replicas, usedNames, name } = open.world.spec();
  const stranger = names.find((one) => !usedNames.includes(one));
  if (stranger !== undefined)
    throw new NotFoundError(
      `replica of ${name}`,
      stranger,
      replicas.map((replica) => replica.name),
    );
  const there = names.filter((one) => replicas.some((replica) => replica.name === one));
  if (there.length === 0) return undefined;
  return changed(env, open, (spec) => withReplacements(spec, there, newReplicaName), { dryRun });
}

function phase(
  env: Environment,
  open: OpenCluster,
  wish: RotationWish,
  { force, withoutBackup }: Pick<RotateRequest, 'force' | 'withoutBackup'>,
  dryRun: boolean,
): Promise<ChangeOutcome> {
  const change = async (spec: ClusterSpec): Promise<ClusterSpec> => {
    const next = await nextPhase(open.secrets, spec, wish);
    if (!next) {
      for (const what of underWay(spec).filter((one) => wish.what.includes(one)))
        env.emit({ type: 'warning', message: WAITS(what) });
      return spec;
    }
    if (!force) await expectOwnNodes(env, open, spec, wish);
    if (!force) await expectNobody(env, open, spec, wish);
    // Mostly there are none; a backup that was restored may have brought some.
    if (!dryRun && ending(spec, wish).includes('encryption'))
      await open.world.rewriteSecrets((message) => env.emit({ type: 'progress', topic: 'Secrets', message }));
    for (const what of wish.what.filter((one) => goesOn(spec, one, wish)))
      env.emit({ type: 'progress', topic: `rotate ${what}`, message: say(next, what) });
    await makeKeys(open.secrets, spec.name, wish.what, next);
    return withRevision(spec, next, randomBytes(6).toString('hex'));
  };
  return changed(env, open, change, { dryRun, withoutBackup });
}

const WAITS = (what: Rotated): string =>
  `${what}: the new one is at work, and the old one is still believed, until that is ended`;

function say(next: Revisable, what: Rotated): string {
  return `${what}: ${PHASES[phaseOf(next, what)]}`;
}

/** Before anything names them. */
async function makeKeys(
  secrets: Secrets,
  cluster: string,
  whats: readonly Rotated[],
  next: Revisable,
): Promise<void> {
  for (const what of whats) {
    const [generation] = orderOf(next, what).slice(-1);
    if (phaseOf(next, what) === 'both') await makeGeneration(secrets, what, generation!, cluster);
  }
}

function expectSomething({ name, ...spec }: ClusterSpec, { what }: RotateRequest): void {
  if (what.some((one) => phaseOf(spec, one) !== 'rest')) return;
  throw new Refusal(`nothing is to be ended of ${name}: no rotation of ${what.join(', ')} is under way`, {
    to: 'see what is',
    command: 'status',
    cluster: name,
  });
}

/** Those of which the old one is given up next. */
function ending(spec: ClusterSpec, wish: RotationWish): Rotated[] {
  return wish.what.filter((what) => phaseOf(spec, what) === 'new' && goesOn(spec, what, wish));
}

/**
 * Nodes that somebody else has made are told of nothing: they would not believe what the new authority signs. Those that are there when the
 * old one is given up are among its users.
 */
async function expectOwnNodes(
  { signal }: Environment,
  { world }: OpenCluster,
  spec: ClusterSpec,
  wish: RotationWish,
): Promise<void> {
  const one = wish.what.find(
    (what) =>
      (what === 'ca' || what === 'kubelet-signing') &&
      ['rest', 'both'].includes(phaseOf(spec, what)) &&
      goesOn(spec, what, wish),
  );
  if (!one) return;
  const others = await othersNodes(spec, await world.api(), signal);
  if (others.length === 0) return;
  throw new Refusal(
    `haup did not make ${others.map((other) => other.name).join(', ')}, and cannot give kubelets there another ${one}`,
    [
      'let them leave, and join again afterwards (kubectl delete node; kubeadm reset and kubeadm join there)',
      {
        to: 'or leave them behind',
        command: 'rotate',
        cluster: spec.name,
        replicas: wish.what,
        switches: ['force'],
      },
    ],
  );
}

async function expectNobody(
  env: Environment,
  open: OpenCluster,
  spec: ClusterSpec,
  wish: RotationWish,
): Promise<void> {
  const usersOf = usersOfOld(askingOf(env, open, spec));
  const found = await Promise.all(
    ending(spec, wish)
      .filter((what) => what !== 'encryption')
      .map(async (what) => (await usersOf(what)).map((user) => `${what}: ${user}`)),
  );
  if (found.flat().length === 0) return;
  throw new Refusal(`somebody still uses what is to be given up:\n${found.flat().join('\n')}`, [
    'wait for those that end, and let the others have new ones',
    {
      to: 'or shut them out',
      command: 'rotate',
      cluster: spec.name,
      replicas: wish.what,
      switches: ['finishRotation', 'force'],
    },
  ]);
}

/** A store in which new keys are made for as long as a dry run looks at them. */
export function pretending<T>(store: Store<T>): Store<T> {
  const secrets = (cluster: string): Secrets => {
    const kept = store.secrets(cluster);
    const made = new Map<string, string>();
    return {
      ...kept,
      get: async (name) => made.get(name) ?? (await kept.get(name)),
      async putIfAbsent(name, text) {
        const there = made.get(name) ?? (await kept.get(name)) ?? text;
        made.set(name, there);
        return there;
      },
    };
  };
  return { ...store, secrets };
}
