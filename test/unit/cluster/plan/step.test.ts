import { describe, expect, test } from 'vitest';
import type { Observation } from '../../../../src/cluster/model/observation.ts';
import {
  isOfNodes,
  replicaOf,
  type Step,
  describe as sentence,
  simulate,
  stepKey,
  touches,
} from '../../../../src/cluster/plan/step.ts';
import { converged, planFor, powerOff, specOf } from '../../../support/clusters.ts';

const spec = specOf(['m0@local-a', 'm1@local-b', 'm2@local-c']);
const healthy = converged(spec);

describe('a simulated step', () => {
  test('leaves the observation that it was given as it was', () => {
    const before = JSON.stringify(healthy);
    simulate({ kind: 'delete-machine', replica: 'm0' }, healthy);
    simulate({ kind: 'remove-member', replica: 'm0', member: 'planned-m0' }, healthy);
    expect(JSON.stringify(healthy)).toBe(before);
  });

  test('that removes the leader leaves another one', () => {
    const leader = healthy.etcd.members.find((member) => member.leader)!;
    const after = simulate({ kind: 'remove-member', replica: leader.name, member: leader.id }, healthy);
    expect(after.etcd.members.filter((member) => member.leader)).toHaveLength(1);
  });

  test('that deletes who holds the address leaves it to nobody', () => {
    const one = converged(specOf(['m0']));
    expect(simulate({ kind: 'delete-machine', replica: 'm0' }, one).address!.holder.kind).toBe('nobody');
    expect(simulate({ kind: 'delete-balancer' }, healthy).address!.holder.kind).toBe('nobody');
  });

  test('that starts a voter again brings back what was meant to run on it, and with it the quorum', () => {
    const off = powerOff(healthy, 'm1', 'm2');
    const after = simulate({ kind: 'start-machine', replica: 'm1' }, off);
    expect(after.machines[1]).toMatchObject({
      state: 'running',
      inside: { etcd: 'running', apiServer: 'ready' },
    });
    expect(after.etcd.readable).toBe(true);
  });

  test('that is done twice has done no more than once', () => {
    const steps: Step[] = [
      { kind: 'ensure-network' },
      { kind: 'promote', replica: 'm1' },
      { kind: 'set-targets', targets: ['m0', 'm1'] },
      { kind: 'hand-over', to: { kind: 'balancer' } },
      { kind: 'remove-member', replica: 'm2', member: 'planned-m2' },
      { kind: 'delete-machine', replica: 'm2' },
      { kind: 'delete-balancer' },
    ];
    for (const step of steps) {
      const once: Observation = simulate(step, healthy);
      expect(simulate(step, once)).toEqual(once);
    }
  });
});

describe('a step', () => {
  const steps = [...planFor(spec).steps, ...planFor({ ...spec, deleting: true }, healthy).steps].map(
    (s) => s.step,
  );

  test('has a sentence that names the replica it is about', () => {
    for (const step of steps) {
      const name = step.kind === 'hand-over' ? (replicaOf(step) ?? 'load balancer') : (replicaOf(step) ?? '');
      expect(sentence(step)).toContain(name);
    }
  });

  test('is about nodes alone, or the masters have to do with it', () => {
    expect(isOfNodes({ kind: 'join-node', node: 'n0' })).toBe(true);
    expect(isOfNodes({ kind: 'set-service-nodes', nodes: ['n0'] })).toBe(true);
    expect(isOfNodes({ kind: 'renew-node', node: 'n0' })).toBe(false);
    expect(steps.filter(isOfNodes)).toEqual([]);
  });

  test('that gives a master the API address is about that master, and no other', () => {
    expect(replicaOf({ kind: 'hand-over', to: { kind: 'machine', name: 'm1' } })).toBe('m1');
    expect(replicaOf({ kind: 'hand-over', to: { kind: 'balancer' } })).toBeNull();
  });

  test('is told from every other by its key', () => {
    expect(new Set(steps.map(stepKey)).size).toBe(steps.length);
  });

  test('shares etcd with every other change of membership, and nothing with another replica’s machine', () => {
    expect(touches({ kind: 'promote', replica: 'm1' })).toContain('etcd');
    expect(touches({ kind: 'add-learner', replica: 'm2' })).toContain('etcd');
    expect(touches({ kind: 'remove-member', replica: 'm0', member: '1' })).toContain('etcd');
    expect(touches({ kind: 'provision', replica: 'm1' })).toEqual(['m1']);
    expect(touches({ kind: 'create-machine', replica: 'm2', zone: 'local-a' })).toEqual(['m2']);
  });

  test('gives no machine a public address while the API address moves, which may leave one without any for a moment', () => {
    const moving = touches({ kind: 'hand-over', to: { kind: 'balancer' } });
    expect(touches({ kind: 'ensure-network' })).toEqual(expect.arrayContaining(['address']));
    expect(moving).toContain('address');
  });
});
