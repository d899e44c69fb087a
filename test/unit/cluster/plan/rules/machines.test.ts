import { describe, expect, test } from 'vitest';
import { nothing, type Observation } from '../../../../../src/cluster/model/observation.ts';
import { prepareMachines } from '../../../../../src/cluster/plan/rules/machines.ts';
import type { Step } from '../../../../../src/cluster/plan/step.ts';
import { emptyInside, withMember } from '../../../../../src/cluster/plan/steps/effects.ts';
import { view } from '../../../../../src/cluster/plan/view.ts';
import { converged, powerOff, specOf } from '../../../../support/clusters.ts';

const spec = specOf(['m0@local-a', 'm1@local-b', 'm2@local-c']);
const grown = specOf(['m0@local-a', 'm1@local-b', 'm2@local-c', 'm3@local-a']);
const healthy = converged(spec);
const newcomer = { ...healthy.machines[0]!, name: 'm3', inside: emptyInside };
const joining = { ...healthy, machines: [...healthy.machines, newcomer] };

function steps(o: Observation, wanted = spec, revive = false): readonly Step[] {
  return prepareMachines(view(wanted, o, { revive }));
}

/** Of m1, what is left is this. */
function having(change: Partial<Observation['machines'][number]>, o = healthy): Observation {
  return { ...o, machines: o.machines.map((m) => (m.name === 'm1' ? { ...m, ...change } : m)) };
}

function without(o: Observation, name: string): Observation {
  return { ...o, machines: o.machines.filter((machine) => machine.name !== name) };
}

function unreadable(o: Observation): Observation {
  return { ...o, etcd: { readable: false, members: [] } };
}

describe('a machine is made', () => {
  test('for each replica of a new cluster and for each that is added, in the zone that the spec says', () => {
    const made = [
      { kind: 'create-machine', replica: 'm0', zone: 'local-a' },
      { kind: 'create-machine', replica: 'm1', zone: 'local-b' },
      { kind: 'create-machine', replica: 'm2', zone: 'local-c' },
    ];
    expect(steps({ ...nothing, network: true })).toEqual(made);
    expect(steps(healthy, grown)).toEqual([{ kind: 'create-machine', replica: 'm3', zone: 'local-a' }]);
    expect(steps(healthy)).toEqual([]);
  });

  test('for nobody whom etcd lists: a voter’s data is lost, and whoever never started leaves first', () => {
    expect(steps(without(powerOff(healthy, 'm1'), 'm1'))).toEqual([]);
    for (const learner of [true, false]) {
      const listed = withMember(healthy, 'm1', { learner, started: false, healthy: false });
      expect(steps(without(listed, 'm1'))).toEqual([]);
    }
  });

  test('for nobody while etcd cannot be read: who has no machine may be a voter that lost it', () => {
    expect(steps(unreadable(without(healthy, 'm1')))).toEqual([]);
  });
});

describe('a machine that is stopped', () => {
  test('of a replica that holds nothing yet is started without being asked', () => {
    const start = (replica: string) => [{ kind: 'start-machine', replica }];
    const born = { ...unreadable(healthy), remembered: { ...nothing.remembered } };
    expect(steps(having({ state: 'stopped', inside: null }, born))).toEqual(start('m1'));
    const stopped = { ...newcomer, state: 'stopped' as const, inside: null };
    expect(steps({ ...healthy, machines: [...healthy.machines, stopped] }, grown)).toEqual(start('m3'));
  });

  test('of a voter is started by a repair alone: somebody may have stopped it on purpose', () => {
    const off = powerOff(healthy, 'm1');
    expect(steps(off)).toEqual([]);
    expect(steps(off, spec, true)).toEqual([{ kind: 'start-machine', replica: 'm1' }]);
  });
});

describe('a disk is filled', () => {
  const provisioned = [{ kind: 'provision', replica: 'm1' }];

  test('once there is an address, which every certificate says, and once only', () => {
    expect(steps(joining, grown)).toEqual([{ kind: 'provision', replica: 'm3' }]);
    expect(steps({ ...joining, address: null }, grown)).toEqual([]);
    const done = { ...newcomer, inside: { ...emptyInside, provisioned: true } };
    expect(steps({ ...healthy, machines: [...healthy.machines, done] }, grown)).toEqual([]);
  });

  test('never of a voter, whose data was on it, nor while nobody can say who votes; also not by a repair', () => {
    const emptied = having({ inside: emptyInside });
    for (const revive of [false, true]) {
      expect(steps(emptied, spec, revive)).toEqual([]);
      expect(steps(unreadable(emptied), spec, revive)).toEqual([]);
    }
  });

  test('of a learner, and of a voter that never started: they hold nothing yet', () => {
    const emptied = having({ inside: emptyInside });
    expect(steps(withMember(emptied, 'm1', { learner: true }))).toEqual(provisioned);
    expect(steps(withMember(emptied, 'm1', { started: false, healthy: false }))).toEqual(provisioned);
  });

  test('of a machine that nobody can look into yet: it boots', () => {
    const booting = { ...newcomer, inside: null };
    expect(steps({ ...healthy, machines: [...healthy.machines, booting] }, grown)).toEqual([
      { kind: 'provision', replica: 'm3' },
    ]);
  });
});
