import { describe, expect, test } from 'vitest';
import { duties, type GuardMemory, nothingSeen } from '../../../src/cluster/model/guard.ts';
import type { Observation } from '../../../src/cluster/model/observation.ts';
import { next } from '../../../src/cluster/plan/next.ts';
import { simulate } from '../../../src/cluster/plan/step.ts';
import { withInside, withMember } from '../../../src/cluster/plan/steps/effects.ts';
import { decide, type Verdict } from '../../../src/guard/decide.ts';
import { withDeed } from '../../../src/guard/remember.ts';
import type { Inside } from '../../../src/replicas/revision/inspect.ts';
import { converged, planFor, powerOff, specOf } from '../../support/clusters.ts';

const spec = specOf(['m0@local-a', 'm1@local-b', 'm2@local-c']);
const whole = converged(spec);
const AFTER_MS = 300_000;
const all = new Set(duties);
const rules = { may: all, afterMs: AFTER_MS, elsewhere: [] };

/** Looks at these states, a minute apart; the last verdict. */
function looks(
  states: readonly Observation[],
  { of = spec, may = all, from = nothingSeen, apart = 60_000, elsewhere = [] as string[] } = {},
) {
  let verdict: Verdict = { memory: from, act: null, waits: [] };
  states.forEach((state, index) => {
    verdict = decide(of, state, verdict.memory, { may, afterMs: AFTER_MS, elsewhere }, index * apart);
  });
  return verdict;
}

function times<T>(count: number, value: T): T[] {
  return Array.from({ length: count }, () => value);
}

/** Hangs, or is cut off: etcd's leader does not hear of it, and the cloud says that it runs. */
function hung(o: Observation, name: string): Observation {
  const off = powerOff(o, name);
  return { ...off, machines: off.machines.map((m) => (m.name === name ? { ...m, state: 'running' } : m)) };
}

function inside(name: string, change: object): Observation {
  const machines = whole.machines.map((m) =>
    m.name === name ? { ...m, inside: { ...m.inside!, ...change } } : m,
  );
  return { ...whole, machines };
}

describe('a guard', () => {
  test('leaves alone what is well', () => {
    expect(looks(times(10, whole))).toEqual({ memory: nothingSeen, act: null, waits: [] });
  });

  test('replaces a dead master beside a node that does not come', () => {
    const stuck = { ...spec, nodes: [{ name: 'n0', zone: 'local-a' }], usedNames: [...spec.usedNames, 'n0'] };
    expect(next(stuck, whole).steps).toMatchObject([{ kind: 'create-node' }]);
    expect(looks(times(6, hung(whole, 'm1')), { of: stuck }).act).toMatchObject({
      duty: 'replace',
      replica: 'm1',
    });
  });

  test('replaces a dead replica after the time that was chosen, and says before when that is', () => {
    const dead = hung(whole, 'm1');
    const early = looks(times(5, dead));
    expect(early.act).toBeNull();
    expect(early.waits).toEqual(['m1 is dead, since 4 min; it is replaced in 60 s']);
    expect(looks(times(6, dead)).act).toEqual({
      kind: 'act',
      duty: 'replace',
      replica: 'm1',
      reason: 'dead for 5 min',
    });
  });

  test('starts a machine that has stopped long before it would replace it', () => {
    const { act } = looks(times(2, powerOff(whole, 'm1')));
    expect(act).toMatchObject({ duty: 'repair', reason: 'start the machine m1' });
  });

  test.each([
    ['etcd', { etcd: 'stopped' }, /start etcd again on m1/],
    ['API server', { apiServer: 'stopped' }, /start the control plane on m1/],
  ])('starts a stopped %s again, after the time that systemd takes', (_, change, what) => {
    const state = 'etcd' in change ? powerOff(inside('m1', change), 'm1') : inside('m1', change);
    const seen = { ...state, machines: inside('m1', change).machines };
    expect(looks([seen]).act).toBeNull();
    expect(looks([seen, seen]).act).toMatchObject({ duty: 'repair', reason: expect.stringMatching(what) });
  });

  test('counts anew what nobody looked at for hours: it may have come back and died again', () => {
    const dead = hung(whole, 'm1');
    const first = looks(times(3, dead)).memory;
    const later = (hours: number) => decide(spec, dead, first, rules, hours * 3_600_000 + 120_000).act;
    expect(later(1)).toMatchObject({ duty: 'replace' });
    expect(later(2.1)).toBeNull();
  });

  test('goes on counting over looks that could not read etcd', () => {
    const dead = hung(whole, 'm1');
    const unread = { ...dead, etcd: { ...dead.etcd, readable: false, quorum: 'unknown' as const } };
    expect(looks([dead, ...times(3, unread), ...times(2, dead)]).act).toMatchObject({ duty: 'replace' });
    const { waits } = looks([dead, unread]);
    expect(waits).toContain('m1 was dead when haup last saw etcd, and now it cannot look at it');
    expect(waits.join()).not.toMatch(/has no quorum/);
  });

  test('never replaces one that comes and goes', () => {
    const flapping = times(60, 0).map((_, n) => (n % 2 === 0 ? hung(whole, 'm1') : whole));
    for (let n = 1; n <= flapping.length; n++) expect(looks(flapping.slice(0, n)).act).toBeNull();
  });

  test('does nothing about what nobody could see', () => {
    const members = whole.etcd.members.map((m) =>
      m.name === 'm1' ? { ...m, healthy: false, unseen: true } : m,
    );
    const unseen = { ...whole, etcd: { ...whole.etcd, members } };
    expect(looks(times(20, unseen)).act).toBeNull();
    const blind = { ...whole, etcd: { readable: false, members: [], quorum: 'unknown' as const } };
    expect(looks(times(20, blind)).act).toBeNull();
  });

  test('leaves a lost quorum to a person', () => {
    const hang = hung(hung(whole, 'm1'), 'm2');
    const lost = looks([hung(whole, 'm1'), ...times(20, hang)]);
    expect(lost.act).toBeNull();
    expect(lost.waits).toContain('etcd has no quorum: what is given up then is for a person to say');
  });

  test('waits out the outage of a zone, and leaves two dead ones elsewhere, which have to be replaced together, to a person', () => {
    const five = specOf(['m0@local-a', 'm1@local-a', 'm2@local-b', 'm3@local-b', 'm4@local-c']);
    const zone = hung(hung(converged(five), 'm2'), 'm3');
    const outage = looks(times(30, zone), { of: five });
    expect(outage.act).toBeNull();
    expect(outage.waits.join()).toMatch(/more than half of local-b is dead/);

    const spread = specOf(['m0@local-a', 'm1@local-a', 'm2@local-b', 'm3@local-c', 'm4@local-d']);
    const two = looks(times(30, hung(hung(converged(spread), 'm2'), 'm3')), { of: spread });
    expect(two.act).toBeNull();
    expect(two.waits.join()).toMatch(/m2 is dead for 29 min, and cannot be replaced now: .*m3/);
  });

  test('gives who is not there yet all of the time again when a zone comes back, or the quorum', () => {
    const five = specOf(['m0@local-a', 'm1@local-a', 'm2@local-b', 'm3@local-b', 'm4@local-c']);
    const one = hung(converged(five), 'm3');
    const both = hung(one, 'm2');
    expect(looks([...times(30, both), ...times(5, one)], { of: five }).act).toBeNull();
    expect(looks([...times(30, both), ...times(6, one)], { of: five }).act?.replica).toBe('m3');
    const dead = hung(whole, 'm1');
    const lost = hung(dead, 'm2');
    expect(looks([dead, ...times(30, lost), ...times(5, dead)]).act).toBeNull();
    expect(looks([dead, ...times(30, lost), ...times(6, dead)]).act?.replica).toBe('m1');
  });

  test('moves nobody out of a zone that is still starting when the quorum comes back', () => {
    const nodes = [{ name: 'n1', zone: 'local-b' }];
    const of = { ...spec, nodes, usedNames: [...spec.usedNames, 'n1'] };
    const out = hung(whole, 'm1');
    const lost = hung(out, 'm2');
    const seen = (...states: Observation[]) =>
      looks(states, { of, may: new Set(['replace']), elsewhere: ['local-d'] });
    expect(seen(...times(6, out)).act).toMatchObject({ moves: { m1: 'local-d' } });
    const early = seen(out, ...times(30, lost), ...times(5, out));
    expect(early.act).toBeNull();
    expect(early.waits.join()).toMatch(/outage of the zone; m1 can go elsewhere in 60 s/);
    expect(seen(out, ...times(30, lost), ...times(6, out)).act).toMatchObject({ moves: { m1: 'local-d' } });
    // Nor does what was not seen meanwhile make the quorum one that was never lost.
    const blind = { ...lost, etcd: { ...lost.etcd, readable: false, quorum: 'unknown' as const } };
    expect(seen(out, lost, ...times(30, blind), ...times(5, out)).act).toBeNull();
  });

  test('does not take for dead who answers and has only not caught up', () => {
    const off = hung(whole, 'm1');
    const members = off.etcd.members.map((m) => (m.name === 'm1' ? { ...m, lags: true } : m));
    expect(looks(times(30, { ...off, etcd: { ...off.etcd, members } })).act).toBeNull();
  });

  test('leaves an unfinished rescue to a person, and says so when the quorum is back', () => {
    const rescue = { survivor: 'm0', fenced: [], heard: null };
    const given = { ...spec, usedNames: [...spec.usedNames, 'm3', 'm4'], rescue };
    const replicas = ['m0', 'm3', 'm4'].map((name, at) => ({ name, zone: spec.replicas[at]!.zone }));
    const wish = { ...given, replicas };
    const lost = looks(times(30, hung(hung(whole, 'm1'), 'm2')), { of: wish });
    expect(lost.act).toBeNull();
    expect(lost.waits.join()).toMatch(/a rescue has not ended: what it gives up is for a person/);
    const back = looks(times(30, whole), { of: wish });
    expect(back.act).toBeNull();
    expect(back.waits.join()).toMatch(/has a quorum again/);
  });

  test('goes by a clock that was put back as by any other', () => {
    const deed = { at: 9e9, duty: 'replace', replica: 'm1', reason: '', failed: 'no capacity' } as const;
    const ahead = { ...withDeed(nothingSeen, deed), deadSince: { m1: 9e9 }, deadSeenAt: 9e9 };
    const dead = hung(whole, 'm1');
    expect(looks(times(5, dead), { from: ahead }).act).toBeNull();
    expect(looks(times(6, dead), { from: ahead }).act?.duty).toBe('replace');
    const stopped = { ...nothingSeen, unfinishedSince: 9e9 };
    expect(looks(times(2, powerOff(whole, 'm1')), { from: stopped }).act?.duty).toBe('repair');
  });

  test('leads those of a zone that is out to another together, if that is allowed, and only where nobody is dead', () => {
    const five = specOf(['m0@local-a', 'm1@local-a', 'm2@local-b', 'm3@local-b', 'm4@local-c']);
    const zone = hung(hung(converged(five), 'm2'), 'm3');
    const early = looks(times(5, zone), { of: five, elsewhere: ['local-c', 'local-d'] });
    expect(early.waits).toEqual([
      'more than half of local-b is dead: that is an outage of the zone; m2, m3 can go elsewhere in 60 s',
    ]);
    expect(looks(times(6, zone), { of: five, elsewhere: ['local-c', 'local-d'] }).act).toMatchObject({
      duty: 'replace',
      replica: 'm2',
      moves: { m2: 'local-d', m3: 'local-c' },
      reason: expect.stringMatching(/outage of the zone: m2 to local-d, m3 to local-c$/),
    });
    expect(looks(times(30, zone), { of: five, elsewhere: ['local-b'] }).waits.join()).toMatch(/waited out/);
    const nodes = ['n0', 'n1'].map((name) => ({ name, zone: 'local-d' }));
    const darkD = looks(times(30, zone), { of: { ...five, nodes }, elsewhere: ['local-d'] });
    expect(darkD.waits.join()).toMatch(/local-b is dead: .*waited out/);
    const oneZone = { ...five, multizone: false };
    expect(looks(times(30, zone), { of: oneZone, elsewhere: ['local-c'] }).act).toBeNull();
  });

  test('gives back the free space of a database that is large and mostly empty, while all are well', () => {
    const filled = (bytes: number, inUse: number, o = whole) => {
      const members = o.etcd.members.map((m) => ({ ...m, database: { bytes, inUse } }));
      return { ...o, etcd: { ...o.etcd, members } };
    };
    const MiB = 1024 ** 2;
    expect(looks([filled(200 * MiB, 100 * MiB)]).act).toMatchObject({
      duty: 'defragment',
      reason: expect.stringContaining('m0 uses 100 of 200 MiB'),
    });
    expect(looks([filled(200 * MiB, 120 * MiB)]).act).toBeNull();
    expect(looks([filled(90 * MiB, MiB)]).act).toBeNull();
    expect(looks([filled(200 * MiB, MiB, hung(whole, 'm1'))]).waits.join()).toMatch(/m1 has to be well/);
    const two = specOf(['m0@local-a', 'm1@local-b']);
    expect(looks([filled(200 * MiB, MiB, converged(two))], { of: two }).act).toBeNull();
  });

  test('takes a backup where they are late or fail, and tries that again without holding up the rest', () => {
    const to = {
      to: '/backups',
      everySeconds: 60,
      keep: { all: '1h', hourly: '1d', daily: '30d' },
      generation: 1,
    };
    const wanting = { ...spec, backup: to } as unknown as typeof spec;
    const taken = {
      id: 'a',
      taken: '1970-01-01T00:00:00Z',
      finished: '1970-01-01T00:00:01Z',
      size: 1,
      added: '1',
    };
    const backup = { generation: 1, last: { ...taken, store: 1 }, failure: null };
    const reporting = (report: object) => {
      const machines = whole.machines.map((m) => ({ ...m, inside: { ...m.inside!, backup: report } }));
      return { ...whole, machines } as unknown as Observation;
    };
    expect(looks(times(3, reporting(backup)), { of: wanting }).act).toBeNull();
    const late = looks(times(6, reporting(backup)), { of: wanting });
    expect(late.act).toMatchObject({ duty: 'backup', reason: expect.stringMatching(/^backups are late/) });
    const failure = { at: '1970-01-01T00:00:30Z', words: 'no room' };
    expect(looks([reporting({ ...backup, failure })], { of: wanting }).act).toMatchObject({
      duty: 'backup',
      reason: 'backups fail on m2 (no room), the last one is of 1970-01-01T00:00:00Z',
    });
    const failed = { at: 0, duty: 'backup', replica: null, reason: '', failed: 'no room' } as const;
    const from = { ...withDeed(nothingSeen, failed), deadSince: { m1: -AFTER_MS }, deadSeenAt: -1 };
    expect(decide(spec, hung(whole, 'm1'), from, rules, 1000).act).toMatchObject({ duty: 'replace' });
  });

  test('replaces nothing while something is unfinished', () => {
    const wanting = {
      ...spec,
      replicas: [...spec.replicas, { name: 'm3', zone: 'local-a' }],
      usedNames: [...spec.usedNames, 'm3'],
    };
    const { act } = looks(times(30, hung(whole, 'm1')), { of: wanting });
    expect(act?.duty).not.toBe('replace');
  });

  test('undoes a drill that was killed', () => {
    const drill = { namespace: 'haup-drill-1', wounds: [{ blow: 'freeze', machine: 'm1' } as const] };
    const frozen = { ...hung(whole, 'm1'), remembered: { ...whole.remembered, drill } };
    expect(looks(times(30, frozen)).act).toMatchObject({
      duty: 'repair',
      reason: 'thaw m1 again after the drill',
    });
  });

  test('clears NOSPACE at once, but not while a member is missing, and never CORRUPT', () => {
    const alarmed = (alarm: string, o = whole) => ({
      ...o,
      etcd: { ...o.etcd, alarms: [{ member: 'm0', alarm }] },
    });
    expect(looks([alarmed('NOSPACE')]).act).toMatchObject({ duty: 'clear-nospace', replica: null });
    expect(looks([alarmed('NOSPACE', hung(whole, 'm1'))]).waits[0]).toMatch(/m1 has to be well/);
    expect(looks(times(30, alarmed('CORRUPT'))).waits).toEqual([
      expect.stringMatching(/somebody has to look/),
    ]);
    const stopped = times(3, alarmed('CORRUPT', powerOff(whole, 'm1')));
    expect(looks(stopped).act).toBeNull();
  });

  test('leaves CORRUPT alone without a quorum too, and does not take NOSPACE for a reason to leave the quorum lost', () => {
    const off = powerOff(whole, 'm1', 'm2');
    const lost = (alarm: string) => ({ ...off, etcd: { ...off.etcd, alarms: [{ member: 'm0', alarm }] } });
    const corrupt = looks(times(30, lost('CORRUPT')));
    expect([corrupt.act, corrupt.waits]).toEqual([null, [expect.stringMatching(/data of m0 differs/)]]);
    const full = looks(times(3, lost('NOSPACE')));
    expect(full.act).toMatchObject({ duty: 'repair', reason: expect.stringMatching(/machine m1/) });
    expect(full.waits.join()).toMatch(/NOSPACE, and haup has to be able to read its members/);
  });

  test('starts the machine again for want of which NOSPACE cannot be cleared, and replaces nothing', () => {
    const alarms = [{ member: 'm0', alarm: 'NOSPACE' }];
    const full = (o: Observation) => ({ ...o, etcd: { ...o.etcd, alarms } });
    expect(looks(times(3, full(powerOff(whole, 'm1')))).act).toMatchObject({
      duty: 'repair',
      reason: 'start the machine m1',
    });
    const lost = looks(times(30, full(hung(whole, 'm1'))));
    expect(lost.act).toBeNull();
    expect(lost.waits.join()).toMatch(/m1 has to be well before.*cannot be replaced now: .*NOSPACE/);
  });

  test('clears NOSPACE also while somebody joins, who goes on when that is done', () => {
    const wish = {
      ...spec,
      replicas: [...spec.replicas, { name: 'm3', zone: 'local-a' }],
      usedNames: [...spec.usedNames, 'm3'],
    };
    const { end } = planFor(wish, whole);
    const joins = (started: boolean): Observation => {
      const unstarted = { learner: true, started, healthy: false, leader: false };
      const machine = { etcdData: started, etcd: 'disabled', apiServer: 'disabled', controllers: 'disabled' };
      return withInside(withMember(end, 'm3', unstarted), 'm3', machine as Partial<Inside>);
    };
    for (const o of [joins(false), joins(true)]) {
      const full = { ...o, etcd: { ...o.etcd, alarms: [{ member: 'm0', alarm: 'NOSPACE' }] } };
      expect(looks([full], { of: wish }).act).toMatchObject({ duty: 'clear-nospace' });
      expect(next(wish, full, { revive: true }).steps).toEqual([]);
      expect(looks([o, o], { of: wish }).act).toMatchObject({
        duty: 'repair',
        reason: expect.stringMatching(/^start etcd on m3/),
      });
    }
  });

  test('only says what it may not do', () => {
    const { act, waits } = looks(times(6, hung(whole, 'm1')), { may: new Set() });
    expect(act).toBeNull();
    expect(waits).toEqual(['replace m1: dead for 5 min; that is not among what it may do']);
  });

  test('tries again later each time, and at once after something has succeeded', () => {
    const deed = { at: 0, duty: 'replace', replica: 'm1', reason: '', failed: 'no capacity' } as const;
    const dead = { ...nothingSeen, deadSince: { m1: -AFTER_MS }, deadSeenAt: -60_000 };
    const at = (memory: GuardMemory, now: number) => decide(spec, hung(whole, 'm1'), memory, rules, now).act;
    const once = withDeed(dead, deed);
    expect([at(once, 59_000), at(once, 60_000)?.duty]).toEqual([null, 'replace']);
    const thrice = withDeed(withDeed(once, deed), deed);
    expect([at(thrice, 239_000), at(thrice, 240_000)?.duty]).toEqual([null, 'replace']);
    expect(at(withDeed(thrice, { ...deed, failed: null }), 1000)?.duty).toBe('replace');
    const many = times(20, deed).reduce<GuardMemory>(withDeed, dead);
    expect(at(many, 3_600_000)?.duty).toBe('replace');
    expect(many.deeds).toHaveLength(20);
  });

  test('does not forget what failed over all else that it does meanwhile', () => {
    const deed = { duty: 'replace', replica: 'm1', reason: '', failed: 'no capacity' } as const;
    const failed = times(10, 0).map((_, at) => ({ ...deed, at }));
    const others = times(30, 0).map((_, at) => ({ ...deed, at, duty: 'repair' as const, failed: null }));
    const { deeds } = [...failed, ...others].reduce<GuardMemory>(withDeed, nothingSeen);
    expect(deeds).toEqual([...failed.slice(-7), ...others.slice(-20)]);
    const memory = { ...nothingSeen, deeds, deadSince: { m1: -AFTER_MS }, deadSeenAt: -1 };
    expect(decide(spec, hung(whole, 'm1'), memory, rules, 3_600_000 - 1).act).toBeNull();
    expect(decide(spec, hung(whole, 'm1'), memory, rules, 3_600_009).act?.duty).toBe('replace');
  });

  test('starts at once what stops while it waits to start again what would not', () => {
    const off = powerOff(whole, 'm1');
    const fails = {
      duty: 'repair',
      replica: null,
      reason: 'start the machine m1',
      failed: 'broken',
    } as const;
    const failed = times(7, 0).map((_, at) => ({ ...fails, at }));
    const memory = { ...failed.reduce<GuardMemory>(withDeed, nothingSeen), unfinishedSince: 0 };
    expect(decide(spec, off, memory, rules, 60_000).act).toBeNull();
    const unready = off.machines.map((m) =>
      m.name === 'm2' ? { ...m, inside: { ...m.inside!, apiServer: 'stopped' as const } } : m,
    );
    expect(decide(spec, { ...off, machines: unready }, memory, rules, 60_000).act).toMatchObject({
      duty: 'repair',
      reason: 'start the machine m1; start the control plane on m2',
    });
  });

  test('does nothing in a cluster that is being deleted, nor by an old store', () => {
    expect(looks([whole], { of: { ...spec, deleting: true } }).waits).toEqual(['demo is being deleted']);
    const old = { ...spec, usedNames: ['m0', 'm1'] };
    const seen = looks([hung(whole, 'm1')], { of: old });
    expect(seen.waits.join()).toMatch(/older copy/);
    // What it would note in that store would make it a newer one.
    expect(seen.memory).toBe(nothingSeen);
  });

  test('finds nothing to do after what a repair does', () => {
    const healed = simulate({ kind: 'start-machine', replica: 'm1' }, powerOff(whole, 'm1'));
    expect(looks([powerOff(whole, 'm1'), healed])).toMatchObject({ act: null, waits: [] });
  });
});

describe('what is mended and is ill again soon', () => {
  const stopped = inside('m1', { apiServer: 'disabled', controllers: 'disabled' });
  const { reason } = looks(times(2, stopped)).act!;
  const mended = (memory: GuardMemory, at: number) =>
    withDeed(memory, { at, duty: 'repair', replica: null, reason, failed: null });
  const at = (memory: GuardMemory, now: number) => decide(spec, stopped, memory, rules, now);
  /** It is never seen well, and each time repaired as soon as it may be: when that was, in minutes. */
  const inVain = (count: number): { memory: GuardMemory; minutes: number[] } => {
    let memory: GuardMemory = { ...nothingSeen, unfinishedSince: 0 };
    const minutes: number[] = [];
    for (let now = 60_000; minutes.length < count; now += 60_000) {
      const verdict = at(memory, now);
      memory = verdict.act ? mended(verdict.memory, now) : verdict.memory;
      if (verdict.act) minutes.push(now / 60_000);
    }
    return { memory, minutes };
  };

  test('is tried again later each time, up to an hour', () => {
    const { minutes, memory } = inVain(9);
    expect(minutes.slice(1).map((minute, index) => minute - minutes[index]!)).toEqual([
      ...[1, 2, 4, 8, 16, 32, 60, 60],
    ]);
    const waits = at(memory, (minutes.at(-1)! + 1) * 60_000).waits.join();
    expect(waits).toMatch(/that did not help before, and is tried again in 3540 s/);
  });

  test('is a new trouble once it has been well for ten minutes', () => {
    const { memory, minutes } = inVain(5);
    const last = minutes.at(-1)! * 60_000;
    const again = (unfinishedSince: number) =>
      at({ ...memory, unfinishedSince }, unfinishedSince + 60_000).act;
    expect(again(last + 540_000)).toBeNull();
    expect(again(last + 601_000)).toMatchObject({ duty: 'repair' });
    // And what was in vain long ago counts no more at the next one either.
    const once = mended({ ...memory, unfinishedSince: last + 3_600_000 }, last + 3_660_000);
    expect(at(once, last + 3_720_000).act).toMatchObject({ duty: 'repair' });
  });

  test('keeps nobody from mending something else', () => {
    const other = inside('m2', { apiServer: 'disabled', controllers: 'disabled' });
    const { memory, minutes } = inVain(5);
    const now = (minutes.at(-1)! + 1) * 60_000;
    expect(at(memory, now).act).toBeNull();
    expect(decide(spec, other, memory, rules, now).act).toMatchObject({ duty: 'repair' });
  });
});
