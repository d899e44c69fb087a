import { describe, expect, test } from 'vitest';
import { machineOf, type Observation } from '../../../../src/cluster/model/observation.ts';
import type { ClusterSpec } from '../../../../src/cluster/model/spec.ts';
import {
  withoutReplicas,
  withReplacements,
  withReplicas,
} from '../../../../src/cluster/plan/spec-changes.ts';
import { converged, lines, nameOf, planFor, powerOff, specOf } from '../../../support/clusters.ts';

const three = specOf(['m0@local-a', 'm1@local-b', 'm2@local-c']);
const one = specOf(['m0@local-a']);

function change(from: ClusterSpec, to: ClusterSpec, hurt: (o: Observation) => Observation = (o) => o) {
  return planFor(to, hurt(converged(from)));
}

function indexes(plan: string[], ...steps: string[]): number[] {
  return steps.map((step) => plan.findIndex((line) => line.startsWith(step)));
}

function expectInOrder(plan: string[], ...steps: string[]): void {
  const found = indexes(plan, ...steps);
  expect(found).not.toContain(-1);
  expect(found).toEqual(found.toSorted((a, b) => a - b));
}

describe('the plan', () => {
  test('of a first master ends with the address on that machine, without a load balancer', () => {
    expect(lines(planFor(one))).toEqual([
      'ensure-network',
      'reserve-address',
      'create-machine m0 local-a',
      'provision m0',
      'bootstrap-etcd m0',
      'start-control-plane m0',
      'hand-over m0',
    ]);
  });

  test('of a first master with a balancer always gives the address to the balancer at once', () => {
    const plan = lines(planFor(specOf(['m0'], { balancer: 'always' })));
    expectInOrder(plan, 'ensure-balancer', 'set-targets m0', 'hand-over balancer');
    expect(plan).not.toContain('hand-over m0');
  });

  test('from one to three adds both as learners before it promotes either, and never rests at two voters', () => {
    const plan = change(one, withReplicas(one, ['local-b', 'local-c'], nameOf));
    const steps = lines(plan);
    expectInOrder(
      steps,
      'add-learner m1',
      'add-learner m2',
      'promote m1',
      'promote m2',
      'hand-over balancer',
    );
    const [first, second] = indexes(steps, 'promote m1', 'promote m2');
    expect(steps.slice(first! + 1, second).some((line) => line.includes('member'))).toBe(false);
    expect(plan.steps.at(-1)!.after).toMatchObject({ voters: 3, healthy: 3, failuresTolerated: 1 });
  });

  test('gives the address to the balancer only when its targets have been set', () => {
    const steps = lines(change(one, withReplicas(one, ['local-b', 'local-c'], nameOf)));
    expect(indexes(steps, 'set-targets')[0]).toBeLessThan(indexes(steps, 'hand-over')[0]!);
  });

  test('of removing a replica drains it, stops what depends on it first, and deletes its machine last', () => {
    const steps = lines(
      change(three, withoutReplicas(three, converged(three), { names: ['m0'] }), (o) => ({
        ...o,
        etcd: { ...o.etcd, members: o.etcd.members.map((m) => ({ ...m, leader: m.name === 'm0' })) },
      })),
    );
    expect(steps).toEqual([
      'set-targets m1,m2',
      'stop-controllers m0',
      'stop-api-server m0',
      'move-leader m0 m1',
      'remove-member m0 planned-m0',
      'delete-machine m0',
    ]);
  });

  test('from two to one gives the address to the survivor before the leaver stops serving', () => {
    const two = specOf(['m0', 'm1']);
    const steps = lines(change(two, { ...two, replicas: [two.replicas[1]!] }));
    expectInOrder(steps, 'hand-over m1', 'stop-api-server m0', 'remove-member m0', 'delete-machine m0');
    expect(steps.at(-1)).toBe('delete-balancer');
  });

  test('of replacing a dead replica makes the machine first, then removes, then joins', () => {
    const plan = change(three, withReplacements(three, ['m1'], nameOf), (o) => powerOff(o, 'm1'));
    expectInOrder(
      lines(plan),
      'create-machine m3 local-b',
      'provision m3',
      'remove-member m1',
      'add-learner m3',
      'promote m3',
      'start-control-plane m3',
    );
    expect(plan.blocked).toEqual([]);
  });

  test('of replacing a replica whose machine was deleted is the same, without a machine to delete', () => {
    const gone = (o: Observation): Observation => {
      const off = powerOff(o, 'm1');
      return { ...off, machines: off.machines.filter((machine) => machine.name !== 'm1') };
    };
    const steps = lines(change(three, withReplacements(three, ['m1'], nameOf), gone));
    expectInOrder(steps, 'create-machine m3', 'remove-member m1', 'add-learner m3');
    expect(steps).not.toContain('delete-machine m1');
  });

  test('of replacing a living replica lets its successor serve before it leaves', () => {
    const steps = lines(change(three, withReplacements(three, ['m1'], nameOf)));
    expectInOrder(steps, 'promote m3', 'start-control-plane m3', 'stop-controllers m1', 'remove-member m1');
  });

  test('of replacing the only replica moves the address once, and builds no load balancer', () => {
    const steps = lines(change(one, withReplacements(one, ['m0'], nameOf)));
    expectInOrder(steps, 'promote m1', 'hand-over m1', 'stop-api-server m0', 'remove-member m0');
    expect(steps.filter((line) => /balancer|hand-over/.test(line))).toEqual(['hand-over m1']);
  });

  test('of replacing two dead ones of five removes both before either successor joins', () => {
    const five = specOf(['m0', 'm1', 'm2', 'm3', 'm4']);
    const plan = change(five, withReplacements(five, ['m1', 'm2'], nameOf), (o) => powerOff(o, 'm1', 'm2'));
    const steps = lines(plan);
    const removals = indexes(steps, 'remove-member m1', 'remove-member m2');
    expect(Math.max(...removals)).toBeLessThan(indexes(steps, 'add-learner')[0]!);
    expect(plan.blocked).toEqual([]);
  });

  test('is blocked where a healthy one of three with one dead is to leave, and names the dead one', () => {
    const plan = change(three, withoutReplicas(three, converged(three), { names: ['m2'] }), (o) =>
      powerOff(o, 'm1'),
    );
    expect(plan.blocked[0]!.message).toContain('not healthy: m1');
    expect(lines(plan).some((line) => line.startsWith('stop-'))).toBe(false);
  });

  test('is blocked where a dead one of two is to leave, and offers to start it again', () => {
    const two = specOf(['m0', 'm1']);
    for (const to of [{ ...two, replicas: [two.replicas[0]!] }, withReplacements(two, ['m1'], nameOf)]) {
      const { blocked } = change(two, to, (o) => powerOff(o, 'm1'));
      expect(blocked[0]!.advice).toEqual({ to: 'start m1 again', command: 'repair', cluster: 'demo' });
    }
  });

  test('is blocked where one is to join while a voter is dead', () => {
    const plan = change(three, withReplicas(three, ['local-a'], nameOf), (o) => powerOff(o, 'm1'));
    expect(plan.blocked[0]!.message).toContain('m3 cannot join');
  });

  test('never changes a membership that cannot be read, and points to the runbook when nothing can be started', () => {
    const lost = (o: Observation): Observation => {
      const off = powerOff(o, 'm1', 'm2');
      return { ...off, machines: off.machines.filter((machine) => machine.name === 'm0') };
    };
    const plan = change(three, { ...three, replicas: three.replicas.slice(0, 2) }, lost);
    expect(lines(plan).filter((line) => /member|learner|promote|create/.test(line))).toEqual([]);
    expect(JSON.stringify(plan.blocked[0]!.advice)).toMatch(/docs\/runbooks\/lost-quorum\.md.*"rescue"/);
  });

  test('of a deletion goes from what clients use to what everything depends on', () => {
    expect(lines(change(three, { ...three, deleting: true }))).toEqual([
      'delete-machine m0',
      'delete-machine m1',
      'delete-machine m2',
      'delete-balancer',
      'release-address',
      'delete-network',
    ]);
  });

  test('warns of two replicas, of one zone, and of how thin it gets on the way', () => {
    const two = specOf(['m0@local-a', 'm1@local-a']);
    expect(planFor(two).warnings.join()).toMatch(
      /two replicas are worse than one.*all replicas are in local-a/,
    );
    expect(planFor(three).warnings.join()).toContain('both of two voters are needed');
  });

  test('says how long the address is away, and nothing when it does not move', () => {
    const grown = withReplicas(one, ['local-b', 'local-c'], nameOf);
    expect(change(one, grown).interruption).toEqual({ expectedSeconds: 0, worstSeconds: 1, note: null });
    expect(change(three, withReplacements(three, ['m1'], nameOf)).interruption).toBeNull();
  });

  test('of a repair starts what has stopped and restarts etcd where its data is', () => {
    const off = powerOff(converged(three), 'm1');
    expect(lines(planFor(three, off))).toEqual([]);
    expect(lines(planFor(three, off, { revive: true }))).toContain('start-machine m1');
    const crashed = converged(three);
    const machines = crashed.machines.map((m) =>
      m.name === 'm1' ? { ...m, inside: { ...m.inside!, etcd: 'stopped' as const } } : m,
    );
    expect(lines(planFor(three, { ...crashed, machines }, { revive: true }))).toEqual(['restart-etcd m1']);
    expect(machineOf(crashed, 'm1')!.inside!.etcd).toBe('running');
  });
});
