import { describe, expect, test } from 'vitest';
import { applyChange, type Change } from '../../../../src/cluster/loop/apply-change.ts';
import type { HaupEvent } from '../../../../src/cluster/loop/events.ts';
import { type ClusterSpec, revisable } from '../../../../src/cluster/model/spec.ts';
import { withNodes, withoutNodes } from '../../../../src/cluster/plan/nodes/node-changes.ts';
import { rescued } from '../../../../src/cluster/plan/rescue.ts';
import {
  abandoned,
  withoutReplicas,
  withReplacements,
  withReplicas,
  withRevision,
} from '../../../../src/cluster/plan/spec-changes.ts';
import { isOfNodes } from '../../../../src/cluster/plan/step.ts';
import { nameOf } from '../../../support/clusters.ts';
import { change, failing, grow, silent, worldOf } from './simulated.ts';

describe('a change', () => {
  test('is only shown by a dry run: nothing is done and nothing remembered', async () => {
    const world = await worldOf('m0');
    const before = world.spec();
    const { plan, executed } = await change(world, grow, { dryRun: true });
    expect([executed, world.done, world.spec()]).toEqual([false, [], before]);
    expect(plan.steps.length).toBeGreaterThan(10);
  });

  test('does what its plan said', async () => {
    const world = await worldOf('m0');
    const { plan } = await change(world, grow);
    expect(world.done.map((step) => step.kind).sort()).toEqual(
      plan.steps.map(({ step }) => step.kind).sort(),
    );
  });

  test('that is not safe is refused before anything is done or remembered', async () => {
    const world = await worldOf('m0', 'm1@local-b', 'm2@local-c');
    world.hurt('power-off', 'm1');
    const before = world.spec();
    await expect(
      change(world, (spec, o) => withoutReplicas(spec, o, { names: ['m2'] })),
    ).rejects.toMatchObject({
      name: 'Refusal',
      message: expect.stringContaining('healthy majority'),
      remedies: [{ command: 'repair', cluster: 'demo' }],
    });
    expect([world.done, world.spec()]).toEqual([[], before]);
  });

  test('announces a backup before members change, and none before a rescue, of which none can be had', async () => {
    const world = await worldOf('m0', 'm1@local-b', 'm2@local-c');
    const keep = { allHours: 1, hourlyDays: 0, dailyDays: 0 };
    await world.save({ ...world.spec(), backup: { to: '/b', everySeconds: 60, keep, generation: 1 } });
    const more: Change = (spec) => withReplicas(spec, ['local-a', 'local-b'], nameOf);
    const dry = { ...silent, dryRun: true, mayBeUnfinished: true };
    expect((await applyChange(world, more, dry)).plan.backupFirst).toBe('tried');
    for (const name of ['m1', 'm2']) world.hurt('vanish', name);
    const { plan } = await applyChange(
      world,
      (spec, o) => rescued(spec, o, { fenced: [], ends: new Map(), nameOf }),
      dry,
    );
    expect(plan.steps.map(({ step }) => step.kind)).toContain('add-learner');
    expect(plan.backupFirst).toBeNull();
  });

  test('is refused to an older copy of the store, an abandonment too: a save would make it pass for the newest', async () => {
    const world = await worldOf('m0', 'm1@local-b', 'm2@local-c');
    const copy = world.spec();
    await change(world, (spec) => withReplacements(spec, ['m1'], nameOf));
    await world.save(copy);
    world.done.length = 0;
    const settle = { ...silent, dryRun: false, mayBeUnfinished: true, partly: true };
    for (const refused of [change(world, grow), applyChange(world, abandoned, settle)])
      await expect(refused).rejects.toMatchObject({
        name: 'Refusal',
        message: expect.stringMatching(/older copy .* never named m3/),
        remedies: [expect.stringContaining('use the newer store')],
      });
    expect([world.done, world.spec()]).toEqual([[], copy]);
    await applyChange(world, (spec) => ({ ...spec, deleting: true }), { ...settle, byOldStore: true });
    expect(world.machines).toEqual([]);
  });

  test('is not piled on top of one that is unfinished', async () => {
    const world = await worldOf('m0');
    world.fate = failing('provision');
    await expect(change(world, grow)).rejects.toThrow('the cloud said no');
    await expect(change(world, (spec) => withReplicas(spec, ['local-a'], nameOf))).rejects.toMatchObject({
      name: 'Refusal',
      message: expect.stringContaining('unfinished change: still to do is to provision m1'),
      remedies: [{ command: 'repair' }, { command: 'repair', switches: ['abandon'] }],
    });
  });

  test('is not piled on top of a rescue, whose survivor nobody may take out', async () => {
    const world = await worldOf('m0');
    world.hurt('vanish', 'm0');
    const rescue = {
      survivor: 'm1',
      fenced: [],
      heard: null,
      backup: { id: '0a1b2c3d', taken: '2026-06-01T00:00:00Z' },
    };
    await world.save({ ...withReplacements(world.spec(), ['m0'], nameOf), rescue });
    await expect(change(world, (spec) => withReplacements(spec, ['m1'], nameOf))).rejects.toMatchObject({
      name: 'Refusal',
      message: expect.stringContaining('unfinished change'),
    });
    expect(world.spec().replicas.map(({ name }) => name)).toEqual(['m1']);
  });

  test('may take out the one replica that an unfinished change is stuck on', async () => {
    const world = await worldOf('m0', 'm1@local-b', 'm2@local-c');
    world.fate = failing('start-etcd');
    await expect(change(world, (spec) => withReplacements(spec, ['m2'], nameOf))).rejects.toThrow(
      'start etcd on m3',
    );
    world.fate = () => 'works';
    await expect(change(world, (spec) => withReplacements(spec, ['m0'], nameOf))).rejects.toThrow(
      'unfinished',
    );
    await change(world, (spec) => withReplacements(spec, ['m3'], nameOf));
    expect(world.members.map((member) => member.name).sort()).toEqual(['m0', 'm1', 'm4']);
    expect(world.machines.map((machine) => machine.name).sort()).toEqual(['m0', 'm1', 'm4']);
  });

  test('may take out the one node that an unfinished change is stuck on, and nothing else is piled on top of that', async () => {
    const world = await worldOf('m0');
    const another: Change = (spec) => withNodes(spec, ['local-a'], nameOf);
    const upgrade: Change = (spec) =>
      withRevision(spec, { ...revisable(spec), kubernetesVersion: 'v1.37.9' }, 'c1');
    world.fate = failing('join-node');
    await expect(change(world, another)).rejects.toThrow('let m1 join the cluster');
    world.fate = () => 'works';
    for (const what of [another, upgrade, (spec: ClusterSpec) => spec])
      await expect(change(world, what)).rejects.toThrow(
        'unfinished change: still to do is to let m1 join the cluster',
      );
    await change(world, (spec, o) => withoutNodes(spec, o, { names: ['m1'] }));
    expect([world.nodes.machines, world.nodes.objects]).toEqual([[], []]);
  });

  test('that lets a node go may be asked for again with another drain, while no other is let go', async () => {
    const world = await worldOf('m0');
    await change(world, (spec) => withNodes(spec, ['local-a', 'local-a'], nameOf));
    const drain = { force: true, timeoutSeconds: 1 };
    const letGo = (...names: string[]) =>
      applyChange(world, (spec, o) => withoutNodes(spec, o, { names }), {
        ...silent,
        dryRun: false,
        letsGo: names,
        policy: { revive: false, drain },
      });
    world.fate = failing('drain-node');
    await expect(change(world, (spec, o) => withoutNodes(spec, o, { names: ['m1'] }))).rejects.toThrow(
      'drain m1',
    );
    world.fate = () => 'works';
    await expect(letGo('m2')).rejects.toThrow('unfinished change: still to do is to drain m1');
    const any = { zone: undefined, count: 1 };
    await expect(change(world, (spec, o) => withoutNodes(spec, o, any))).rejects.toThrow('unfinished');
    await letGo('m1');
    expect(world.done).toContainEqual({ kind: 'drain-node', node: 'm1', ...drain });
    expect(world.nodes.objects).toMatchObject([{ name: 'm2' }]);
  });

  test('of the masters waits for no node: what is unfinished of nodes is left as it is, and said', async () => {
    const world = await worldOf('m0', 'm1@local-b', 'm2@local-c');
    world.fate = failing('join-node');
    await expect(change(world, (spec) => withNodes(spec, ['local-a'], nameOf))).rejects.toThrow(
      'let m3 join',
    );
    world.done.length = 0;
    const events: HaupEvent[] = [];
    await applyChange(world, (spec) => withReplacements(spec, ['m2'], nameOf), {
      ...silent,
      dryRun: false,
      emit: (event) => events.push(event),
    });
    expect(world.members.map((member) => member.name).sort()).toEqual(['m0', 'm1', 'm4']);
    expect(world.done.filter(isOfNodes)).toEqual([]);
    expect(events).toContainEqual({
      type: 'warning',
      message: expect.stringContaining('unfinished of them: still to do is to let m3 join the cluster'),
    });
    world.fate = () => 'works';
    await applyChange(world, (spec) => spec, { ...silent, dryRun: false, mayBeUnfinished: true });
    expect(world.nodes.objects).toMatchObject([{ name: 'm3' }]);
  });

  test('that takes the last node out leaves nothing of it, not even what the API has', async () => {
    const world = await worldOf('m0');
    await change(world, (spec) => withNodes(spec, ['local-a'], nameOf));
    expect(world.nodes.objects).toMatchObject([{ name: 'm1' }]);
    await change(world, (spec, o) => withoutNodes(spec, o, { names: ['m1'] }));
    expect([world.nodes.machines, world.nodes.objects]).toEqual([[], []]);
  });

  test('of a cluster that is being deleted is refused, whatever it is', async () => {
    const world = await worldOf('m0', 'm1@local-b', 'm2@local-c');
    await world.save({ ...world.spec(), deleting: true });
    await expect(change(world, grow)).rejects.toThrow('demo is being deleted');
  });

  test('of a partly broken cluster is repaired as far as it can be, and the rest refused', async () => {
    const world = await worldOf('m0', 'm1@local-b', 'm2@local-c');
    for (const name of ['m0', 'm1', 'm2']) world.hurt('power-off', name);
    world.hurt('vanish', 'm1');
    world.hurt('vanish', 'm2');
    const repair = applyChange(world, (spec) => spec, {
      ...silent,
      dryRun: false,
      mayBeUnfinished: true,
      partly: true,
      policy: { revive: true },
    });
    await expect(repair).rejects.toMatchObject({
      name: 'Refusal',
      advice: expect.stringContaining('lost-quorum.md'),
    });
    expect(world.machines).toMatchObject([{ name: 'm0', on: true }]);
  });
});
