import { describe, expect, test } from 'vitest';
import type { MachineObservation, Observation } from '../../../../src/cluster/model/observation.ts';
import {
  blindness,
  diagnose,
  diagnoseNewcomer,
  sightOfEtcd,
  warningsOf,
} from '../../../../src/cluster/plan/health.ts';
import { EXPIRING_SECONDS } from '../../../../src/cluster/plan/rules/renewing.ts';
import { emptyInside, withInside, withMember } from '../../../../src/cluster/plan/steps/effects.ts';
import { converged, powerOff, specOf } from '../../../support/clusters.ts';
import { certificateOf, emptyRevision } from '../../../support/revisions.ts';

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

describe('certificates that end', () => {
  const DAY = 86_400;
  const at = (days: number) => new Date(NOW + 1000 * DAY * days).toISOString();
  const says = (o: Observation) =>
    warningsOf(spec, o, NOW).map((one) => (typeof one === 'string' ? one : one.says));
  /** As the operator's clock has it, and as the machine's. */
  const ends = (days: number, left: number | null = days) =>
    inside({ certificateExpires: at(days), certificateSecondsLeft: left === null ? null : left * DAY });

  test('are no matter until 30 days are left, nor where nobody knows when', () => {
    expect(says(ends(30))).toEqual([]);
    expect(says(ends(29.5))).toEqual(['m1: its certificates expire in 29 days']);
    expect(says(inside({ certificateExpires: null }))).toEqual([]);
  });

  test('have expired by either clock', () => {
    expect(says(ends(0, 0))).toEqual(['m1: its certificates expire in 0 days']);
    expect(says(ends(-0.1, 1))).toEqual(['m1: its certificates have expired']);
    expect(says(ends(1, -0.1))).toEqual(['m1: its certificates have expired']);
  });

  test('are renewed by a repair where nothing else may run any more', () => {
    const remedy = (left: number) =>
      warningsOf(spec, inside({ certificateExpires: at(1), certificateSecondsLeft: left }), NOW)[0];
    expect(remedy(EXPIRING_SECONDS)).toMatchObject({ remedy: { command: 'renew' } });
    expect(remedy(EXPIRING_SECONDS - 1)).toMatchObject({ remedy: { command: 'repair' } });
  });

  test('are named, but for those that last', () => {
    const certificate = (file: string, days: number) => certificateOf(file, at(-300), at(days));
    const revision = {
      ...emptyRevision,
      certificates: [certificate('soon.crt', 10), certificate('later.crt', 30), certificate('next.crt', 29)],
    };
    const o = inside({ certificateExpires: at(10), certificateSecondsLeft: 10 * DAY, revision });
    expect(says(o)).toEqual(['m1: its certificates expire in 10 days (soon.crt, next.crt)']);
  });

  test('come first of all that is told of replicas when they have expired', () => {
    const o = withInside(ends(-1), 'm0', { certificateExpires: at(3), certificateSecondsLeft: 3 * DAY });
    expect(says(withInside(o, 'm2', { controllers: 'stopped' }))).toEqual([
      'm1: its certificates have expired',
      'm0: its certificates expire in 3 days',
      'm2: controller manager or scheduler does not run',
    ]);
  });
});

describe('what else is told first', () => {
  const first = (o: Observation) => {
    const [one] = warningsOf(spec, o, NOW);
    return typeof one === 'object' ? one.says : one;
  };

  test('is that clocks are apart, and that nobody reaches the address', () => {
    expect(first(inside({ clockAheadSeconds: 4000 }))).toMatch(/m1/);
    expect(warningsOf(spec, healthy, NOW)).toEqual([]);
    const address = { ...healthy.address!, lost: 'its zone is gone' };
    expect(warningsOf(spec, { ...healthy, address }, NOW)).toEqual([
      {
        says: `nobody reaches ${address.ip}: its zone is gone`,
        remedy: { to: 'move it to another zone', command: 'repair', cluster: 'demo' },
      },
    ]);
  });

  test('is an alarm of etcd’s, before all of these', () => {
    const alarms = [{ member: 'm1', alarm: 'NOSPACE' }];
    const address = { ...healthy.address!, lost: 'its zone is gone' };
    const o = { ...healthy, address, etcd: { ...healthy.etcd, alarms } };
    expect(warningsOf(spec, o, NOW).map((one) => (typeof one === 'object' ? one.says : one))).toEqual([
      expect.stringContaining('nobody reaches'),
      expect.stringMatching(/m1|space/i),
    ]);
  });

  test('is an alarm without a quorum as well, and no cure that takes one', () => {
    const off = powerOff(healthy, 'm1', 'm2');
    const alarms = [{ member: 'm1', alarm: 'CORRUPT' }];
    expect(warningsOf(spec, { ...off, etcd: { ...off.etcd, alarms } }, NOW).slice(0, 2)).toEqual([
      'etcd has raised an alarm (CORRUPT on m1)',
      expect.stringContaining('no quorum'),
    ]);
  });

  test('is that nobody can read etcd’s members, once there is one', () => {
    const unreadable = { ...healthy, etcd: { readable: false, members: [] } };
    expect(first(unreadable)).toContain('no quorum');
    const fresh = { ...unreadable, machines: [], remembered: { ...healthy.remembered, bootstrapped: false } };
    expect(warningsOf(spec, fresh, NOW)).toEqual([]);
  });
});

describe('a cluster that survives little says so', () => {
  const warned = (...replicas: string[]) => {
    const of = specOf(replicas);
    return warningsOf(of, converged(of), NOW);
  };

  test('with two replicas, and with several in one zone', () => {
    expect(warned('m0@local-a', 'm1@local-b')).toEqual([
      expect.stringContaining('two replicas are worse than one'),
    ]);
    expect(warned('m0@local-a', 'm1@local-a', 'm2@local-a')).toEqual([
      expect.stringContaining('all replicas are in local-a'),
    ]);
    expect(warned('m0@local-a')).toEqual([]);
    expect(warned('m0@local-a', 'm1@local-b', 'm2@local-a')).toEqual([]);
  });
});

describe('haup that cannot see', () => {
  const blind = (change: Partial<MachineObservation>) => with1(() => ({ inside: null, ...change }));
  const unread = (o: Observation, quorum: 'held' | 'unknown') =>
    sightOfEtcd({ ...o, etcd: { ...o.etcd, quorum } });

  test('says what stands in its way, of machines that run and do not let it look, and of no other', () => {
    const why = '; m1: its machine runs but its sshd does not';
    expect(unread(blind({ lookFailure: 'no-sshd' }), 'held')).toMatch(
      new RegExp(`look at its members${why}$`),
    );
    expect(unread(blind({ lookFailure: 'no-sshd' }), 'unknown')).toMatch(
      new RegExp(`it has a quorum${why}$`),
    );
    for (const o of [
      healthy,
      blind({}),
      blind({ lookFailure: 'no-sshd', state: 'stopped' }),
      with1(() => ({ lookFailure: 'no-sshd' })),
    ])
      expect(unread(o, 'held')).toMatch(/look at its members$/);
  });

  test('repeats a machine’s own words only where they say more', () => {
    const words = 'SSH on m1 (10.0.0.2): could not look: disk full';
    expect(blindness({ lookFailure: 'not-run', words })).toBe(
      'haup cannot look inside: the machine lets it in, but says: disk full',
    );
    expect(blindness({ lookFailure: 'nothing', words })).not.toContain('disk full');
    expect(blindness({ lookFailure: 'not-run' })).toBe(
      'haup cannot look inside: the machine lets it in, but says',
    );
    expect(blindness({})).toContain('does not answer');
  });
});

describe('the diagnosis, where only part is known', () => {
  const unread = (o: Observation): Observation => ({ ...o, etcd: { ...o.etcd, readable: false } });
  const off = with1(() => ({ state: 'stopped', inside: null }));

  test('calls a disk emptied if either part of it is missing', () => {
    expect(diagnose(inside({ provisioned: false }), 'm1')).toContain('emptied');
    expect(diagnose(inside({ etcdData: false }), 'm1')).toContain('emptied');
  });

  test('says nothing of one that is no member, unless nobody knows who is', () => {
    const members = healthy.etcd.members.filter(({ name }) => name !== 'm1');
    expect(diagnose({ ...off, etcd: { readable: true, members } }, 'm1')).toBeNull();
    const nobody = { ...off, etcd: { readable: false, members: [] } };
    expect(diagnose(nobody, 'm1')).toBe('its machine is stopped');
    const fresh = { ...nobody, remembered: { ...nobody.remembered, bootstrapped: false } };
    expect(diagnose(fresh, 'm1')).toBeNull();
  });

  test('says nothing of a learner', () => {
    expect(diagnose(withMember(off, 'm1', { learner: true }), 'm1')).toBeNull();
  });

  test('tells a member that nobody could ask from one that is dead', () => {
    const unseen = withMember(healthy, 'm1', { healthy: false, unseen: true });
    expect(diagnose(unseen, 'm1')).toContain('haup cannot ask its etcd member');
    expect(diagnose(unread(unseen), 'm1')).toBeNull();
    expect(diagnose(withMember(healthy, 'm1', { healthy: false }), 'm1')).toContain('does not follow');
    expect(diagnose(withMember(healthy, 'm1', { started: false }), 'm1')).toContain('never started');
    expect(diagnose(unread(healthy), 'm1')).toBe('its etcd member has no leader');
  });

  test('calls nothing broken that was stopped on purpose', () => {
    expect(diagnose(inside({ apiServer: 'disabled', controllers: 'stopped' }), 'm1')).toBeNull();
    expect(diagnose(inside({ apiServer: 'unready', controllers: 'disabled' }), 'm1')).toBeNull();
  });

  test('of a newcomer waits for etcd’s word', () => {
    const members = healthy.etcd.members.filter(({ name }) => name !== 'm1');
    expect(diagnoseNewcomer({ ...healthy, etcd: { readable: false, members } }, 'm1')).toBeNull();
    expect(diagnoseNewcomer({ ...off, etcd: { readable: true, members } }, 'm1')).toBe(
      'it has not joined etcd; its machine is stopped',
    );
  });
});

describe('drift', () => {
  test('is told once: a member with a machine by its machine, and what is wanted not at all', () => {
    const smaller = { ...spec, replicas: spec.replicas.filter(({ name }) => name !== 'm1') };
    const told = warningsOf(smaller, healthy, NOW).map(String);
    expect(told.filter((line) => line.startsWith('m1:'))).toEqual([
      'm1: a machine that is to leave',
      'm1: a target of the load balancer that should not be there',
    ]);
    const gone = { ...healthy, machines: healthy.machines.filter(({ name }) => name !== 'm1') };
    expect(warningsOf(spec, gone, NOW)).toEqual(['m1: its machine is gone']);
  });

  test('of targets is none where no balancer is wanted any more', () => {
    const one = { ...spec, replicas: spec.replicas.slice(0, 1) };
    expect(warningsOf(one, healthy, NOW).map(String).join()).not.toContain('target');
  });
});
