import { describe, expect, test } from 'vitest';
import { memberOf, nothing } from '../../../../../src/cluster/model/observation.ts';
import {
  certificateNames,
  emptyInside,
  freed,
  newMember,
  revived,
  withInside,
  withLeader,
  withMachine,
  withMember,
} from '../../../../../src/cluster/plan/steps/effects.ts';
import { converged, powerOff, specOf } from '../../../../support/clusters.ts';

const o = converged(specOf(['m0@local-a', 'm1@local-b', 'm2@local-c']));
const leaders = (of: typeof o) => of.etcd.members.filter(({ leader }) => leader).map(({ name }) => name);

describe('a machine', () => {
  test('that could not be looked into is changed from an empty one, and no other is changed', () => {
    const after = withInside(powerOff(o, 'm1'), 'm1', { etcd: 'running' });
    expect(after.machines.map(({ inside }) => inside?.etcd)).toEqual(['running', 'running', 'running']);
    expect(after.machines[1]!.inside).toEqual({ ...emptyInside, etcd: 'running' });
    expect(after.machines[0]).toEqual(o.machines[0]);
  });

  test('takes the place of one of its name', () => {
    const other = { ...o.machines[1]!, zone: 'local-z' };
    expect(withMachine(o, other).machines.map(({ name, zone }) => [name, zone])).toEqual([
      ['m0', 'local-a'],
      ['m2', 'local-c'],
      ['m1', 'local-z'],
    ]);
  });
});

describe('the leadership', () => {
  test('goes to the first healthy voter that may lead, and to nobody else', () => {
    expect(leaders(withLeader(o, ({ name }) => name !== 'm0'))).toEqual(['m1']);
    expect(leaders(withLeader(withMember(o, 'm1', { healthy: false }), ({ name }) => name !== 'm0'))).toEqual(
      ['m2'],
    );
    expect(leaders(withLeader(withMember(o, 'm1', { learner: true }), ({ name }) => name !== 'm0'))).toEqual([
      'm2',
    ]);
    expect(leaders(withLeader(o, () => false))).toEqual([]);
  });

  test('is found again when a majority of voters runs, and not before', () => {
    const one = powerOff(o, 'm1', 'm2');
    expect([one.etcd.readable, leaders(one)]).toEqual([false, []]);
    const two = revived(withInside(one, 'm1', { etcd: 'running' }), 'm1');
    expect([two.etcd.readable, leaders(two)]).toEqual([true, ['m0']]);
    expect(two.etcd.members.map(({ healthy }) => healthy)).toEqual([true, true, false]);
    const five = converged(specOf(['m0', 'm1', 'm2', 'm3', 'm4']));
    const still = revived(
      withInside(powerOff(five, 'm1', 'm2', 'm3', 'm4'), 'm1', { etcd: 'running' }),
      'm1',
    );
    expect([still.etcd.readable, leaders(still)]).toEqual([false, []]);
    expect(still.etcd.members.map(({ healthy }) => healthy)).toEqual([false, true, false, false, false]);
  });

  test('stays where it is when another comes back', () => {
    const without = powerOff(
      withLeader(o, ({ name }) => name === 'm2'),
      'm0',
    );
    const back = revived(without, 'm0');
    expect([leaders(back), back.etcd.members.every(({ healthy }) => healthy)]).toEqual([['m2'], true]);
    // With a leader, who runs and is not healthy lacks something else.
    const behind = revived(withMember(without, 'm1', { healthy: false }), 'm0');
    expect(behind.etcd.members.map(({ healthy }) => healthy)).toEqual([true, false, true]);
  });

  test('is not lost because most could not be seen, as long as a quorum was read', () => {
    const unseen = ['m1', 'm2'].reduce(
      (at, name) => withMember(at, name, { healthy: false, unseen: true }),
      withMember(o, 'm0', { healthy: false, leader: false }),
    );
    expect(revived(unseen, 'm0').etcd.readable).toBe(true);
  });

  test('does not hang on learners', () => {
    const learner = withMember(powerOff(o, 'm1'), 'm2', { learner: true });
    const after = revived({ ...learner, etcd: { ...learner.etcd, readable: false } }, 'm2');
    expect([after.etcd.readable, leaders(after)]).toEqual([false, []]);
  });
});

test('a member that is planned has an id that etcd never gives', () => {
  const flags = { learner: true, started: false, healthy: false, leader: false };
  expect(newMember('m9', flags)).toEqual({ id: 'planned-m9', name: 'm9', ...flags });
  expect(memberOf(o, 'm0')?.id).toBe('planned-m0');
});

test('a certificate has the balancer’s name where it has one, in small letters', () => {
  expect(certificateNames(nothing)).toEqual([]);
  expect(certificateNames({ ...o, balancer: { ...o.balancer!, dnsName: null } })).toEqual([]);
  expect(certificateNames({ ...o, balancer: { ...o.balancer!, dnsName: 'LB.Example' } })).toEqual([
    'lb.example',
  ]);
});

test('an address whose holder goes is nobody’s, and any other stays', () => {
  const held = { ...o, address: { ip: '1.2.3.4', holder: { kind: 'machine', name: 'm0' } } as const };
  expect(freed(held, 'machine', 'm0')?.holder).toEqual({ kind: 'nobody' });
  expect(freed(held, 'machine', 'm1')).toBe(held.address);
  expect(freed(held, 'balancer', null)).toBe(held.address);
  expect(freed(o, 'balancer', null)?.holder).toEqual({ kind: 'nobody' });
  expect(freed(o, 'machine', 'm0')).toBe(o.address);
  expect(freed(nothing, 'machine', 'm0')).toBeNull();
});
