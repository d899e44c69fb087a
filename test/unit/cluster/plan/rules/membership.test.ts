import { describe, expect, test } from 'vitest';
import type { MemberObservation, Observation } from '../../../../../src/cluster/model/observation.ts';
import type { Decision } from '../../../../../src/cluster/plan/decision.ts';
import { changeMembership, mayRemove, reviveEtcd } from '../../../../../src/cluster/plan/rules/membership.ts';
import {
  emptyInside,
  newMember,
  withInside,
  withMachine,
  withMember,
  withMembers,
} from '../../../../../src/cluster/plan/steps/effects.ts';
import { type View, view } from '../../../../../src/cluster/plan/view.ts';
import type { Inside } from '../../../../../src/replicas/revision/inspect.ts';
import { converged, powerOff, specOf } from '../../../../support/clusters.ts';

const one = specOf(['m0@local-a']);
const three = specOf(['m0@local-a', 'm1@local-b', 'm2@local-c']);
const four = specOf(['m0@local-a', 'm1@local-b', 'm2@local-c', 'm3@local-a']);
const single = converged(one);
const grown = converged(three);
const nothingYet = { steps: [], blocked: [] };
const status = [{ command: 'status' }, expect.any(String)];
const rescue = [expect.stringContaining('lost-quorum.md'), { command: 'rescue' }];

function see(spec: typeof one, o: Observation, revive = false): View {
  return view(spec, o, { revive });
}
function change(spec: typeof one, o: Observation, revive = false): Decision {
  return changeMembership(see(spec, o, revive));
}
/** A machine on which all is prepared, and nothing runs yet. */
function machine(o: Observation, name: string, inside: Partial<Inside> | null = {}): Observation {
  const whole = inside && { ...emptyInside, provisioned: true, ...inside };
  return withMachine(o, { ...grown.machines[0]!, name, inside: whole });
}
function joined(o: Observation, name: string, flags: Partial<MemberObservation> = {}): Observation {
  const member = newMember(name, { learner: false, started: true, healthy: true, leader: false, ...flags });
  return withMembers(o, [...o.etcd.members, member]);
}
/** A learner that runs. */
function learner(o: Observation, name: string, inside: Partial<Inside> | null = {}): Observation {
  const runs = inside && { etcdData: true, etcd: 'running' as const, ...inside };
  return joined(machine(o, name, runs), name, { learner: true });
}
function hidden(o: Observation, name: string): Observation {
  return withMember(o, name, { healthy: false, unseen: true });
}
function deleted(o: Observation, name: string): Observation {
  return { ...o, machines: o.machines.filter((m) => m.name !== name) };
}
function unreadable(o: Observation, quorum?: 'unknown' | 'lost'): Observation {
  return { ...o, etcd: { ...o.etcd, readable: false, quorum } };
}
function stopped(o: Observation, ...names: string[]): Observation {
  return names.reduce((after, name) => withInside(after, name, { etcd: 'stopped' }), o);
}

describe('a dead member that nobody wants', () => {
  const replacing = specOf(['m0@local-a', 'm1@local-b', 'm3@local-c', 'm4@local-c']);
  const dead = machine(powerOff(grown, 'm2'), 'm3');

  test('stays listed until the machines of all who come are ready, and nobody joins before it is gone', () => {
    expect(change(replacing, machine(dead, 'm4', { provisioned: false }))).toEqual(nothingYet);
    expect(change(replacing, machine(dead, 'm4')).steps).toEqual([
      { kind: 'remove-member', replica: 'm2', member: 'planned-m2' },
    ]);
  });

  test('stays when haup does not see a healthy majority without it, and each is told as what it is', () => {
    const { steps, blocked } = change(
      specOf(['m0@local-a', 'm1@local-b']),
      hidden(powerOff(grown, 'm2'), 'm1'),
    );
    expect(steps).toEqual([]);
    expect(blocked).toMatchObject([
      {
        message:
          'removing m2 from etcd needs a healthy majority before and after it: there are 1 healthy of 3 voters, then 1 of 2; not healthy: m2; not seen by haup: m1',
        advice: { to: 'start m2 again', command: 'repair' },
      },
    ]);
  });
});

describe('a voter', () => {
  const leaver = { ...see(specOf(['m0@local-a', 'm2@local-c']), grown).orphans[0]! };
  const refusal = (o: Observation) => mayRemove(see(specOf(['m0@local-a', 'm2@local-c']), o), [leaver]);

  test('may leave a healthy majority', () => {
    expect(refusal(grown)).toBeUndefined();
  });

  test('may not leave another that is dead beside one that lives', () => {
    expect(refusal(withMember(grown, 'm2', { healthy: false }))).toMatchObject({
      message: expect.stringMatching(
        /: there are 2 healthy of 3 voters, then 1 of 2; not healthy: m2$/,
      ) as string,
      advice: { command: 'replace-replica', replicas: ['m2'] },
    });
  });

  test('may not leave another that is not seen beside one that lives: first haup has to see', () => {
    expect(refusal(hidden(grown, 'm2'))).toMatchObject({
      message: expect.stringMatching(
        /: there are 2 healthy of 3 voters, then 1 of 2; not seen by haup: m2$/,
      ) as string,
      advice: status,
    });
  });

  test('may not leave as the last one, which no look at it would change', () => {
    const v = see(specOf(['m9@local-a']), single);
    const { message, advice } = mayRemove(v, v.orphans)!;
    expect(message).toMatch(/: there are 1 healthy of 1 voters, then 0 of 0$/);
    expect(advice).not.toMatchObject(status);
  });

  test('may not leave while nobody can see whether it lives, however many others do', () => {
    const v = see(three, hidden(converged(four), 'm3'));
    expect(mayRemove(v, v.orphans)!.message).toMatch(/^m3 is to leave etcd, but haup cannot tell/);
  });

  test('that never started and has no machine leaves, for it can never come', () => {
    const o = withMember(deleted(grown, 'm1'), 'm1', { started: false, healthy: false });
    expect(change(three, o).steps).toEqual([{ kind: 'remove-member', replica: 'm1', member: 'planned-m1' }]);
  });
});

describe('a learner', () => {
  test('that nobody wants leaves at once, also from a single voter', () => {
    expect(change(one, learner(single, 'm9')).steps).toEqual([
      { kind: 'remove-member', replica: 'm9', member: 'planned-m9' },
    ]);
  });

  test('is promoted before a third comes: etcd takes two', () => {
    const two = learner(learner(single, 'm1'), 'm2');
    expect(change(four, machine(two, 'm3')).steps).toEqual([{ kind: 'promote', replica: 'm1' }]);
    expect(change(four, machine(learner(single, 'm1'), 'm3')).steps).toEqual([
      { kind: 'add-learner', replica: 'm3' },
    ]);
  });

  test('is not held back by a machine that cannot be looked into: etcd itself knows whether it has caught up', () => {
    const o = learner(learner(single, 'm1', null), 'm2');
    expect(change(three, o).steps).toEqual([{ kind: 'promote', replica: 'm1' }]);
  });

  test('is neither started nor promoted, nor another without it, before its machine is prepared', () => {
    const bare = machine(learner(single, 'm1'), 'm2', { provisioned: false });
    const o = joined(bare, 'm2', { learner: true, started: false, healthy: false });
    expect(change(three, o)).toEqual(nothingYet);
  });
});

describe('a newcomer', () => {
  test('cannot join beside the dead, which are named', () => {
    const beside = (wanted: readonly string[], ...dead: string[]) => {
      const o = machine(powerOff(converged(specOf(wanted)), ...dead), 'm9');
      const { steps, blocked } = change(specOf([...wanted, 'm9']), o);
      expect(steps).toEqual([]);
      return blocked[0]!.message;
    };
    expect(beside(['m0', 'm1', 'm2'], 'm1')).toMatch(/^m9 cannot join: .* while m1 is not healthy$/);
    expect(beside(['m0', 'm1', 'm2', 'm3', 'm4'], 'm1', 'm2')).toMatch(
      /^m9 cannot join: .* while m1, m2 are not healthy$/,
    );
  });

  test('waits, and is told so, while etcd cannot be read', () => {
    expect(change(four, unreadable(grown)).blocked).toHaveLength(1);
  });
});

describe('an etcd that cannot be read', () => {
  test('is no unfinished business when nobody comes or leaves, also if a machine is gone whose member is known', () => {
    expect(change(three, deleted(unreadable(grown), 'm1'))).toEqual(nothingYet);
    expect(
      change(three, deleted({ ...grown, etcd: { readable: false, members: [] } }, 'm1')).blocked,
    ).toHaveLength(1);
  });

  test('and not be seen may be so for a moment only, if on most machines etcd runs', () => {
    const passing = (o: Observation) => change(four, unreadable(o, 'unknown'), true).blocked[0]!.passing;
    const all = converged(four);
    expect(passing(stopped(all, 'm3'))).toBe(true);
    expect(passing(stopped(all, 'm2', 'm3'))).toBe(false);
  });

  test('and has no quorum may be electing, if most voters run; learners do not count', () => {
    const two = converged(specOf(['m0@local-a', 'm1@local-b']));
    const learners = learner(learner(two, 'm2', { etcd: 'stopped' }), 'm3', { etcd: 'stopped' });
    const passing = (o: Observation) => change(four, unreadable(o, 'lost'), true).blocked[0]!.passing;
    expect(passing(learners)).toBe(true);
    expect(passing(stopped(learners, 'm1'))).toBe(false);
  });

  test('and has no quorum names those that do not answer, and no other', () => {
    const o = withMember(withMember(grown, 'm1', { healthy: false }), 'm2', { healthy: false });
    expect(change(three, unreadable(o), true).blocked[0]!.message).toMatch(/not answering: m1, m2$/);
  });
});

describe('the way out of a lost quorum', () => {
  const advice = (o: Observation, spec = three) => change(spec, unreadable(o), true).blocked[0]!.advice;
  const dead = (o: Observation, ...names: string[]) =>
    names.reduce((after, name) => withMember(after, name, { healthy: false }), o);

  test('is to start the dead that are switched off, not what else is', () => {
    const off = powerOff(grown, 'm1', 'm2');
    expect(advice(off)).toMatchObject({ to: 'start m1, m2 again', command: 'repair' });
    const strange = { ...grown.machines[0]!, name: 'm9', state: 'stopped' as const, inside: null };
    const o = withMachine(joined(dead(grown, 'm1'), 'm9'), strange);
    expect(advice(o)).toMatchObject({ command: 'replace-replica', replicas: ['m1'] });
  });

  test('is a rescue once half of the voters are dead, whoever learns beside them', () => {
    const two = converged(specOf(['m0@local-a', 'm1@local-b']));
    expect(advice(dead(two, 'm1'), specOf(['m0@local-a', 'm1@local-b']))).toMatchObject(rescue);
    expect(advice(dead(grown, 'm1'))).toMatchObject({ command: 'replace-replica', replicas: ['m1'] });
    const beside = learner(learner(grown, 'm3'), 'm4');
    expect(advice(dead(beside, 'm1', 'm2'))).toMatchObject(rescue);
  });
});

describe('an etcd that stands still', () => {
  const revived = (o: Observation, revive = true) =>
    reviveEtcd(see(three, o, revive)).map((step) => [step.kind, 'replica' in step && step.replica]);
  const still = stopped(grown, 'm1');

  test('is started again by a repair, and by nothing else', () => {
    expect(revived(still)).toEqual([['restart-etcd', 'm1']]);
    expect(revived(still, false)).toEqual([]);
  });

  test('is not started again before there is a cluster: it is bootstrapped', () => {
    expect(revived({ ...still, remembered: { ...still.remembered, bootstrapped: false } })).toEqual([]);
  });

  test('is not started again as what it was when it has yet to join', () => {
    expect(revived(withMember(still, 'm1', { learner: true }))).toEqual([]);
    expect(revived(withMember(still, 'm1', { started: false }))).toEqual([]);
  });

  test('is not started again without its data', () => {
    expect(revived(withInside(still, 'm1', { etcdData: false }))).toEqual([]);
  });
});
