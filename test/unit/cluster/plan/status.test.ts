import { describe, expect, test } from 'vitest';
import { nothing, type Observation } from '../../../../src/cluster/model/observation.ts';
import { statusOf } from '../../../../src/cluster/plan/status.ts';
import { withInside, withMember } from '../../../../src/cluster/plan/steps/effects.ts';
import { converged, powerOff, specOf } from '../../../support/clusters.ts';

const spec = specOf(['m0@local-a', 'm1@local-b', 'm2@local-c']);
const healthy = converged(spec);
const NOW = Date.parse('2026-11-21T00:00:00Z');
const replica = (o: Observation, name: string) =>
  statusOf(spec, o, NOW).replicas.find((each) => each.name === name)!;

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
    expect(status.replicas.map(({ name }) => name)).toEqual(['m0', 'm1', 'm2']);
  });

  test('is not that of a finished change while something blocks it', () => {
    const four = { ...spec, replicas: [...spec.replicas, { name: 'm3', zone: 'local-a' }] };
    const status = statusOf(four, powerOff(healthy, 'm1', 'm2'), NOW);
    expect(status.converged).toBe(false);
    expect(status.unfinished.join()).toContain('its membership cannot change');
  });

  test('says what a client meets at the API address, before all else', () => {
    const { warnings } = statusOf(spec, powerOff(healthy, 'm1'), NOW, 'ECONNREFUSED');
    const address = `https://${healthy.address!.ip}:443`;
    expect(warnings).toEqual([
      `the API does not answer at ${address}: ECONNREFUSED`,
      'm1: its machine is stopped',
    ]);
  });
});

test('of the load balancer says its name and its targets', () => {
  const { loadBalancer } = statusOf(spec, healthy, NOW);
  const { name, targets } = healthy.balancer!;
  expect(loadBalancer).toEqual({ name, targets });
  expect(statusOf(spec, { ...healthy, balancer: null }, NOW).loadBalancer).toBeNull();
});

describe('the holder of the address', () => {
  const holder = (o: Observation) => statusOf(spec, o, NOW).apiAddress?.holder;
  const held = (to: NonNullable<Observation['address']>['holder'], balancer = healthy.balancer) => ({
    ...healthy,
    balancer,
    address: { ip: '1.2.3.4', holder: to },
  });

  test('is named where it has a name', () => {
    const named = { ...healthy.balancer!, name: 'demo-lb' };
    expect(holder(held({ kind: 'machine', name: 'm0' }, named))).toEqual({ kind: 'machine', name: 'm0' });
    expect(holder(held({ kind: 'balancer' }, named))).toEqual({ kind: 'balancer', name: 'demo-lb' });
    expect(holder(held({ kind: 'balancer' }, null))).toEqual({ kind: 'balancer', name: null });
    expect(holder(held({ kind: 'nobody' }, named))).toEqual({ kind: 'nobody', name: null });
  });

  test('is nobody’s business where there is no address, nor is a balancer that is not there', () => {
    const status = statusOf(spec, nothing, NOW);
    expect([status.apiAddress, status.loadBalancer]).toEqual([null, null]);
  });
});

describe('a quorum', () => {
  const quorumIs = (etcd: Partial<Observation['etcd']>) =>
    statusOf(spec, { ...healthy, etcd: { ...healthy.etcd, ...etcd } }, NOW).etcd.quorumIs;

  test('is held while the members can be read, and otherwise what is known of it', () => {
    expect(quorumIs({})).toBe('held');
    expect(quorumIs({ readable: false, quorum: 'held' })).toBe('held');
    expect(quorumIs({ readable: false, quorum: 'unknown' })).toBe('unknown');
    expect(quorumIs({ readable: false })).toBe('lost');
  });

  test('comes with the alarms that stand', () => {
    const alarms = [{ member: 'm1', alarm: 'NOSPACE' }];
    const o = { ...healthy, etcd: { ...healthy.etcd, alarms } };
    expect([statusOf(spec, o, NOW).etcd.alarms, statusOf(spec, healthy, NOW).etcd.alarms]).toEqual([
      alarms,
      [],
    ]);
  });
});

describe('a replica', () => {
  test('that is well says so', () => {
    expect(replica(healthy, 'm0')).toMatchObject({
      ...{ zone: 'local-a', machine: 'running', apiServer: 'ready', unseen: null },
      etcd: { id: 'planned-m0', role: 'leader', healthy: true, unknown: false },
    });
    expect(replica(healthy, 'm1').etcd.role).toBe('follower');
  });

  test.each(['unready', 'disabled', 'stopped'] as const)(
    'whose API server is %s is not ready',
    (apiServer) => {
      expect(replica(withInside(healthy, 'm1', { apiServer: apiServer as never }), 'm1').apiServer).toBe(
        'unready',
      );
    },
  );

  test('that is wanted and not there yet is in its zone, missing', () => {
    expect(replica(nothing, 'm1')).toMatchObject({
      ...{ zone: 'local-b', machine: 'missing', apiServer: 'unreachable', internalIp: null, unseen: null },
      etcd: { id: null, role: 'missing', healthy: false, unknown: false },
      certificateExpires: null,
    });
  });

  test('that nobody ordered is in the zone of its machine, or in none', () => {
    const stranger = { ...healthy.etcd.members[0]!, id: '7', name: 'member-7', leader: false };
    const o = { ...healthy, etcd: { readable: true, members: [...healthy.etcd.members, stranger] } };
    expect(replica(o, 'member-7')).toMatchObject({ zone: '', machine: 'missing' });
  });

  test.each([
    [{ started: false }, 'unstarted'],
    [{ started: false, learner: true }, 'unstarted'],
    [{ learner: true }, 'learner'],
  ] as const)('whose member is %j is called so', (change, role) => {
    expect(replica(withMember(healthy, 'm1', change), 'm1').etcd.role).toBe(role);
  });

  test('whose member nobody could ask is neither healthy nor said to be dead', () => {
    const unseen = withMember(healthy, 'm1', { healthy: false, unseen: true });
    expect(replica(unseen, 'm1').etcd).toMatchObject({ healthy: false, unknown: true });
  });

  test('that runs and cannot be looked into says why, and only then', () => {
    const blind = (change: object) => ({
      ...healthy,
      machines: healthy.machines.map((m) => (m.name === 'm1' ? { ...m, inside: null, ...change } : m)),
    });
    expect(replica(blind({ lookFailure: 'no-sshd' }), 'm1').unseen).toContain('its sshd does not');
    expect(replica(blind({}), 'm1').unseen).toBeNull();
    expect(replica(blind({ lookFailure: 'no-sshd', state: 'stopped' }), 'm1').unseen).toBeNull();
    const seen = healthy.machines.map((m) => ({ ...m, lookFailure: 'no-sshd' as const }));
    expect(replica({ ...healthy, machines: seen }, 'm1').unseen).toBeNull();
  });

  test('that is stopped says nothing of what was once seen in it', () => {
    const machines = healthy.machines.map((m) => (m.name === 'm1' ? { ...m, state: 'stopped' as const } : m));
    expect(replica({ ...healthy, machines }, 'm1').apiServer).toBe('unreachable');
  });
});
