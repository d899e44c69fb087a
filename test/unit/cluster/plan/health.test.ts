import { describe, expect, test } from 'vitest';
import type { MachineObservation, Observation } from '../../../../src/cluster/model/observation.ts';
import { diagnose, diagnoseNewcomer, warningsOf } from '../../../../src/cluster/plan/health.ts';
import { standing } from '../../../../src/cluster/plan/standing.ts';
import { statusOf } from '../../../../src/cluster/plan/status.ts';
import { emptyInside } from '../../../../src/cluster/plan/steps/effects.ts';
import { converged, powerOff, specOf } from '../../../support/clusters.ts';

const spec = specOf(['m0@local-a', 'm1@local-b', 'm2@local-c']);
const healthy = converged(spec);
const NOW = Date.parse('2026-11-21T00:00:00Z');

function with1(change: (machine: MachineObservation) => Partial<MachineObservation>): Observation {
  const machines = healthy.machines.map((m) => (m.name === 'm1' ? { ...m, ...change(m) } : m));
  return { ...healthy, machines };
}

function inside(change: object): Observation {
  return with1((m) => ({ inside: { ...m.inside!, ...change } }));
}

describe('the diagnosis', () => {
  test('of a healthy replica is none', () => {
    expect(diagnose(healthy, 'm1')).toBeNull();
    expect(diagnoseNewcomer(healthy, 'm1')).toBeNull();
  });

  test.each([
    ['its machine is gone', { ...healthy, machines: healthy.machines.filter((m) => m.name !== 'm1') }],
    ['its machine is stopped', powerOff(healthy, 'm1')],
    ['cut off', with1(() => ({ inside: null, lookFailure: 'nothing' }))],
    ['hangs', with1(() => ({ inside: null, lookFailure: 'no-greeting' }))],
    ['its sshd does not', with1(() => ({ inside: null, lookFailure: 'no-sshd' }))],
    ['another SSH host key', with1(() => ({ inside: null, lookFailure: 'other-key' }))],
    ["does not know the operator's key", with1(() => ({ inside: null, lookFailure: 'no-entry' }))],
    ['does not answer', with1(() => ({ inside: null }))],
    ['its disk has been emptied', with1(() => ({ inside: emptyInside }))],
    ['etcd does not run', inside({ etcd: 'stopped' })],
    ['its API server is not ready', inside({ apiServer: 'unready' })],
    ['controller manager or scheduler does not run', inside({ controllers: 'stopped' })],
  ] as const)('says: %s', (words, o) => {
    expect(diagnose(o, 'm1')).toContain(words);
    expect(warningsOf(spec, o, NOW).join('\n')).toContain(`m1: ${diagnose(o, 'm1')}`);
  });

  test('blames nobody for a leader that is missing', () => {
    const o = powerOff(healthy, 'm1', 'm2');
    expect(diagnose(o, 'm0')).toBe('its etcd member has no leader');
    expect(warningsOf(spec, o, NOW)[0]).toContain('no quorum');
  });

  test('says what is wrong with machines even when nobody can say who the members are', () => {
    const off = powerOff(healthy, 'm1');
    const o = { ...off, etcd: { readable: false, members: [] } };
    expect([diagnose(o, 'm0'), diagnose(o, 'm1')]).toEqual([null, 'its machine is stopped']);
  });

  test('of one that has yet to join says how far it got', () => {
    const members = (change: object | null) =>
      healthy.etcd.members.flatMap((m) => (m.name !== 'm1' ? [m] : change ? [{ ...m, ...change }] : []));
    const o = (change: object | null): Observation => ({
      ...healthy,
      etcd: { readable: true, members: members(change) },
    });
    expect(diagnoseNewcomer(o(null), 'm1')).toBe('it has not joined etcd');
    expect(diagnoseNewcomer(o({ learner: true, started: false }), 'm1')).toContain('never started');
    expect(diagnoseNewcomer(o({ learner: true }), 'm1')).toContain('has not caught up');
    expect(diagnose(o({ learner: true }), 'm1')).toBeNull();
  });

  test('of a drained replica is none: that is unfinished, not unhealthy', () => {
    expect(diagnose(inside({ apiServer: 'disabled', controllers: 'disabled' }), 'm1')).toBeNull();
  });
});

describe('warnings', () => {
  test('name certificates that expire within 30 days, and how to renew them', () => {
    const expires = inside({ certificateExpires: '2026-12-11T00:00:00Z' });
    expect(warningsOf(spec, expires, NOW)).toEqual([
      {
        says: 'm1: its certificates expire in 20 days',
        remedy: { to: 'renew them', command: 'renew', cluster: 'demo' },
      },
    ]);
    const later = inside({ certificateExpires: '2027-11-20T00:00:00Z' });
    expect(warningsOf(spec, later, NOW)).toEqual([]);
  });

  test('name drift: machines, members and targets that nobody ordered', () => {
    const orphan = { ...healthy.machines[0]!, name: 'zzz' };
    const target = { replica: 'zzz', health: 'healthy' as const };
    const stranger = { ...healthy.etcd.members[0]!, id: '7', name: 'member-7', leader: false };
    const o: Observation = {
      ...healthy,
      machines: [...healthy.machines, orphan],
      balancer: { ...healthy.balancer!, targets: [...healthy.balancer!.targets, target] },
      etcd: { readable: true, members: [...healthy.etcd.members, stranger] },
    };
    expect(warningsOf(spec, o, NOW)).toEqual([
      'zzz: a machine that is to leave',
      'member-7: a member of etcd without a machine',
      'zzz: a target of the load balancer that should not be there',
    ]);
  });
});

describe('the standing of etcd', () => {
  test('of three voters in three zones survives any machine and any zone; with one dead, neither', () => {
    expect(standing(healthy)).toMatchObject({
      quorum: 2,
      failuresTolerated: 1,
      survivesAnyMachine: true,
      survivesAnyZone: true,
    });
    expect(standing(powerOff(healthy, 'm1'))).toMatchObject({
      healthy: 2,
      failuresTolerated: 0,
      hasQuorum: true,
      survivesAnyMachine: false,
    });
  });

  test('of three voters in one zone survives any machine, not the zone', () => {
    const packed = converged(specOf(['m0@local-a', 'm1@local-a', 'm2@local-a']));
    expect(standing(packed)).toMatchObject({ survivesAnyMachine: true, survivesAnyZone: false });
  });

  test('counts nobody as healthy when the members are only last known', () => {
    expect(standing(powerOff(healthy, 'm1', 'm2'))).toMatchObject({
      voters: 3,
      healthy: 0,
      hasQuorum: false,
    });
  });
});

describe('the status', () => {
  test('of a cluster with a dead replica is converged, and warns', () => {
    const status = statusOf(spec, powerOff(healthy, 'm1'), NOW);
    expect(status).toMatchObject({ converged: true, unfinished: [], etcd: { voters: 3, healthy: 2 } });
    expect(status.replicas[1]).toMatchObject({ name: 'm1', machine: 'stopped', apiServer: 'unreachable' });
    expect(status.warnings).toEqual(['m1: its machine is stopped']);
  });

  test('says what is unfinished in the words of the plan, and lists orphans after the replicas', () => {
    const smaller = { ...spec, replicas: spec.replicas.slice(0, 2) };
    const status = statusOf(smaller, healthy, NOW);
    expect(status.converged).toBe(false);
    expect(status.unfinished).toEqual(["set the load balancer's targets to m0, m1"]);
    expect(status.replicas.map((replica) => replica.name)).toEqual(['m0', 'm1', 'm2']);
  });

  test('names the holder of the address', () => {
    expect(statusOf(spec, healthy, NOW).apiAddress!.holder.kind).toBe('balancer');
    const one = specOf(['m0']);
    expect(statusOf(one, converged(one), NOW).apiAddress!.holder).toEqual({ kind: 'machine', name: 'm0' });
  });
});
