import { expect, test } from 'vitest';
import { applyChange, type Change } from '../../../../src/cluster/loop/apply-change.ts';
import type { HaupEvent } from '../../../../src/cluster/loop/events.ts';
import { ChangeUndone, StepError } from '../../../../src/cluster/model/errors.ts';
import { type ClusterSpec, revisable } from '../../../../src/cluster/model/spec.ts';
import { abandoned, withReplacements, withRevision } from '../../../../src/cluster/plan/spec-changes.ts';
import { specOf } from '../../../support/clusters.ts';
import { SimulatedWorld } from '../../../support/world.ts';
import { grow, silent } from './simulated.ts';

const options = { ...silent, dryRun: false };

async function made(...names: string[]): Promise<SimulatedWorld> {
  const world = new SimulatedWorld(specOf(names));
  await applyChange(world, (spec) => spec, { ...options, mayBeUnfinished: true });
  return world;
}

function upgrade(world: SimulatedWorld, id: string): Promise<unknown> {
  return applyChange(
    world,
    (spec) => withRevision(spec, { ...revisable(spec), kubernetesVersion: 'v1.37.9' }, id),
    options,
  );
}

function touched(world: SimulatedWorld, kind: string): string[] {
  return world.done.flatMap((step) => (step.kind === kind && 'replica' in step ? [step.replica] : []));
}

test('the first replica that does not come back well is put back, the spec too, and nobody else was touched', async () => {
  const world = await made('m0', 'm1', 'm2');
  const before = world.spec();
  world.broken.add('c1');
  const error = await upgrade(world, 'c1').catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ChangeUndone);
  expect(world.spec()).toEqual(before);
  const changed = touched(world, 'change-release');
  expect(changed).toHaveLength(1);
  expect([touched(world, 'put-back'), (error as Error).message]).toEqual([
    changed,
    expect.stringContaining(changed[0]!),
  ]);
  expect(world.isAvailable()).toBe(true);
});

test('a later one that fails is left as it is: the change works elsewhere, and a repair goes on', async () => {
  const world = await made('m0', 'm1', 'm2');
  let second = false;
  world.fate = (step) => {
    if (step.kind !== 'change-release' || touched(world, 'change-release').length === 0 || second)
      return 'works';
    second = true;
    return 'fails';
  };
  const error = await upgrade(world, 'c1').catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(StepError);
  expect(error).not.toBeInstanceOf(ChangeUndone);
  expect(touched(world, 'put-back')).toEqual([]);
  await applyChange(world, (spec) => spec, { ...options, mayBeUnfinished: true, partly: true });
  expect(world.spec()).toMatchObject({ kubernetesVersion: 'v1.37.9' });
  expect(world.spec().change).toBeUndefined();
  expect(new Set(touched(world, 'change-release')).size).toBe(3);
});

test('what fails before any replica has the change is taken back without a word to any of them', async () => {
  const world = await made('m0', 'm1', 'm2');
  const before = world.spec();
  world.fate = (step) => (step.kind === 'stage-release' ? 'fails' : 'works');
  await expect(upgrade(world, 'c1')).rejects.toBeInstanceOf(ChangeUndone);
  expect(world.spec()).toEqual(before);
  expect([touched(world, 'change-release'), touched(world, 'put-back')]).toEqual([[], []]);
});

test('what fails beside the change takes nothing back: a repair finishes both', async () => {
  for (const kind of ['create-machine', 'provision', 'create-node'] as const) {
    const world = await made('m0', 'm1', 'm2');
    world.fate = (step) => (step.kind === kind ? 'fails' : 'works');
    const error = await applyChange(world, upgradedAnd(kind), options).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StepError);
    expect(world.spec().change).toMatchObject({ id: 'c1' });
    world.fate = () => 'works';
    await applyChange(world, (spec) => spec, { ...options, mayBeUnfinished: true });
    expect(world.spec()).toMatchObject({ kubernetesVersion: 'v1.37.9' });
    expect(world.spec().change).toBeUndefined();
  }
});

test('that the change is taken back is said before what else was asked for goes on, and may fail', async () => {
  const world = await made('m0', 'm1', 'm2');
  world.fate = (step) => (['stage-release', 'create-node'].includes(step.kind) ? 'fails' : 'works');
  const said: string[] = [];
  const emit = (event: HaupEvent) => void (event.type === 'warning' && said.push(event.message));
  const both = applyChange(world, upgradedAnd('create-node'), { ...options, emit });
  await expect(both).rejects.not.toBeInstanceOf(ChangeUndone);
  expect(said).toEqual([expect.stringMatching(/^the change of the replicas is taken back: could not /)]);
  expect(world.spec()).toMatchObject({ kubernetesVersion: 'v1.37.1', nodes: [{ name: 'n0' }] });
});

/** The upgrade, and what needs a step of this kind. */
function upgradedAnd(kind: 'create-machine' | 'provision' | 'create-node'): Change {
  return (spec, observation) => {
    const wanted = { ...revisable(spec), kubernetesVersion: 'v1.37.9' };
    const more =
      kind === 'create-node'
        ? { ...spec, nodes: [{ name: 'n0', zone: 'local-a' }], usedNames: [...spec.usedNames, 'n0'] }
        : grow(spec, observation);
    return withRevision(more as ClusterSpec, wanted, 'c1');
  };
}

test('what was turned round and is there already is not turned again because its end could not be noted', async () => {
  const world = await made('m0');
  world.saveFate = once('reply-lost');
  await expect(upgrade(world, 'c1')).rejects.toThrow();
  world.fate = once('fails');
  const abandon = applyChange(world, abandoned, { ...options, mayBeUnfinished: true, partly: true });
  await expect(abandon).rejects.toBeInstanceOf(StepError);
  expect(world.spec().kubernetesVersion).toBe('v1.37.1');
  await applyChange(world, (spec) => spec, { ...options, mayBeUnfinished: true });
  expect(world.spec()).toEqual(specOf(['m0']));
});

test('a change that no replica has yet is given up by replacing the one in its way, and that is said', async () => {
  const world = await made('m0');
  world.saveFate = once('reply-lost');
  await expect(upgrade(world, 'c1')).rejects.toThrow();
  const said: string[] = [];
  const emit = (event: HaupEvent) => void (event.type === 'warning' && said.push(event.message));
  await applyChange(world, (spec) => withReplacements(spec, ['m0'], () => 'm1'), { ...options, emit });
  expect(said).toEqual([expect.stringMatching(/is given up by this: ask for it again afterwards$/)]);
  expect(world.spec()).toMatchObject({ kubernetesVersion: 'v1.37.1', replicas: [{ name: 'm1' }] });
  expect(world.spec().change).toBeUndefined();
});

test('a change is not given up while a replica that stays cannot be seen, which may have it', async () => {
  const world = await made('m0');
  // It has the change; that this is complete is what nobody could note any more.
  world.fate = (step) => (step.kind === 'finish-change' ? 'killed-before' : 'works');
  await expect(upgrade(world, 'c1')).rejects.toThrow();
  world.fate = () => 'works';
  world.hurt('power-off', 'm0');
  const other = applyChange(world, (spec) => ({ ...spec, nodeLabels: { a: 'b' } }), options);
  await expect(other).rejects.toThrow('has an unfinished change');
  expect(world.spec().change).toMatchObject({ id: 'c1' });
});

function once<T>(fate: T): () => T | 'works' {
  const left = [fate];
  return () => left.shift() ?? 'works';
}
