import { describe, expect, test } from 'vitest';
import { machineOf, type Observation } from '../../../../src/cluster/model/observation.ts';
import { type ClusterSpec, type Revisable, revisable } from '../../../../src/cluster/model/spec.ts';
import { makePlan } from '../../../../src/cluster/plan/plan.ts';
import {
  withoutReplicas,
  withReplacements,
  withReplicas,
  withRevision,
  withSurge,
} from '../../../../src/cluster/plan/spec-changes.ts';
import { withInside, withMember } from '../../../../src/cluster/plan/steps/effects.ts';
import {
  converged,
  lines,
  nameOf,
  noInterruption,
  planFor,
  powerOff,
  specOf,
} from '../../../support/clusters.ts';
import { seen } from '../../../support/revisions.ts';

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

  test('of a hundred nodes that come, and of another hundred in their place, ends', () => {
    const nodes = (prefix: string) =>
      Array.from({ length: 100 }, (_, n) => ({ name: `${prefix}${n}`, zone: 'local-a' }));
    const [first, second] = [nodes('n'), nodes('x')];
    const usedNames = ['m0', ...[...first, ...second].map(({ name }) => name)];
    const made = planFor({ ...one, usedNames, nodes: first });
    expect(made.steps.length).toBeGreaterThan(300);
    const replaced = planFor({ ...one, usedNames, nodes: second }, made.end);
    expect(replaced.steps.filter(({ step }) => step.kind === 'forget-node')).toHaveLength(100);
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

describe('a plan that does not end', () => {
  test('is a defect of haup, which says what it was about to do', () => {
    let generation = 0;
    const keep = { allHours: 1, hourlyDays: 0, dailyDays: 0 };
    // Whatever is done, another is wanted.
    const restless: ClusterSpec = {
      ...one,
      get backup() {
        generation += 1;
        return { to: '/backups', everySeconds: 300, keep, generation };
      },
    };
    expect(() => planFor(restless, converged(one))).toThrow(
      /does not end; its last step is .*"set-up-backup"/,
    );
  });
});

describe('the warnings of a plan', () => {
  const TWO = 'two replicas are worse than one';
  const EVEN = 'tolerate no more failures than';
  const ZONE = 'does not survive the loss of that zone';
  const THIN = 'both of two voters are needed';
  const LESS = 'on the way no more than';
  const all = [TWO, EVEN, ZONE, THIN, LESS];
  const spread = (count: number): ClusterSpec =>
    specOf(Array.from({ length: count }, (_, index) => `m${index}@local-${'abc'[index % 3]}`));
  const shrunk = (from: number, to: number) =>
    change(spread(from), { ...spread(from), replicas: spread(from).replicas.slice(0, to) });
  const grown = (from: number, to: number) => {
    const zones = spread(to)
      .replicas.slice(from)
      .map(({ zone }) => zone);
    return change(spread(from), withReplicas(spread(from), zones, nameOf));
  };

  test.each([
    ['of one replica that is made: none', planFor(spread(1)), []],
    ['of two that are there: of two', change(spread(2), spread(2)), [TWO]],
    ['of three that are there: none', change(spread(3), spread(3)), []],
    [
      'of three in one zone: of that zone',
      change(specOf(['m0', 'm1', 'm2']), specOf(['m0', 'm1', 'm2'])),
      [ZONE],
    ],
    ['of four: of an even number', change(spread(4), spread(4)), [EVEN]],
    ['of five: none', change(spread(5), spread(5)), []],
    ['from one to two: of two', grown(1, 2), [TWO]],
    ['from one to three: of the moment between two promotions', grown(1, 3), [THIN]],
    ['from two to four: of an even number, never of that moment', grown(2, 4), [EVEN]],
    ['from three to five: none', grown(3, 5), []],
    ['from five to three: of less that is tolerated', shrunk(5, 3), [LESS]],
    ['from three to two: of two', shrunk(3, 2), [TWO]],
    ['from three to one: none', shrunk(3, 1), []],
  ] as const)('%s', (_, { warnings }, expected) => {
    expect(all.filter((one) => warnings.join('\n').includes(one))).toEqual(expected);
    expect(warnings).toHaveLength(expected.length);
  });

  test('name the zone, the number that would do as well, and what is tolerated on the way', () => {
    const zoned = specOf(['m0@local-b', 'm1@local-b', 'm2@local-b']);
    expect(change(zoned, zoned).warnings).toEqual([expect.stringMatching(/^all replicas are in local-b:/)]);
    expect(grown(2, 4).warnings).toEqual(['4 replicas tolerate no more failures than 3']);
    expect(shrunk(5, 3).warnings).toEqual(['on the way no more than 1 failure is tolerated']);
    expect(shrunk(7, 5).warnings).toEqual(['on the way no more than 2 failures are tolerated']);
  });

  test('say nothing of a moment that the plan does not get to', () => {
    const plan = planFor(
      withReplicas(one, ['local-b', 'local-c'], nameOf),
      withMember(converged(one), 'm0', { healthy: false }),
    );
    expect(plan.blocked).not.toEqual([]);
    expect(lines(plan)).toContain('create-machine m1 local-b');
    expect(plan.warnings).toEqual([]);
  });

  test('are none where all is deleted', () => {
    const two = specOf(['m0@local-a', 'm1@local-a']);
    expect(change(two, { ...two, deleting: true }).warnings).toEqual([]);
  });
});

describe('a change of what is on a single replica', () => {
  const IN_PLACE = 'the only API server starts again';
  const SUCCESSOR = 'a successor takes the address over';
  const figures = (seconds: number) => ({ ...noInterruption, replacement: [seconds, 60] }) as const;
  const revision: Revisable = { ...revisable(one), kubernetesVersion: 'v1.37.9' };
  const patched = withRevision(one, revision, 'c1');

  function warnings(spec: ClusterSpec, o: Observation, seconds = 0): string {
    return makePlan(spec, o, { interruption: figures(seconds) }).warnings.join();
  }

  test('says that the API does not answer meanwhile, and how long a successor would take', () => {
    expect(warnings(patched, seen(one, patched))).toContain(`${IN_PLACE}: nobody is answered for some three`);
    expect(warnings(patched, seen(one, patched), 0.5)).toContain('for less than a second by a successor');
    expect(warnings(patched, seen(one, patched), 1)).toContain('for about 1 s by a successor');
    expect(warnings(patched, seen(one, patched), 30)).toContain('for about 30 s by a successor');
  });

  test('says so too where its API server does not serve, and is stopped before', () => {
    const cutOff = { staged: 'c1', begun: 'c1', controllers: 'disabled', apiServer: 'unready' } as const;
    expect(warnings(patched, withInside(seen(one, patched), 'm0', cutOff))).toContain(IN_PLACE);
  });

  test('says nothing of it where no API server is stopped, or others go on', () => {
    const reload = withRevision(one, revisable(one), 'c1');
    const o = seen(one, reload, ['units/haup-addons.service']);
    expect(lines(planFor(reload, o))).toContain('change-release m0 c1 reload');
    expect(warnings(reload, o)).toBe('');
    const every = withRevision(three, { ...revisable(three), kubernetesVersion: 'v1.37.9' }, 'c1');
    expect(lines(planFor(every, seen(three, every)))).toContain('stop-api-server m1');
    expect(warnings(every, seen(three, every))).toBe('');
    expect(warnings(withReplacements(one, ['m0'], nameOf), converged(one))).toBe('');
  });

  test('by a successor says how long the address takes to move, while there is anything to do', () => {
    const surge = withSurge(one, revision, 'c1', () => 'm1');
    const plan = makePlan(surge, seen(one, surge), { interruption: figures(30) });
    expect(plan.warnings.join()).toContain(`${SUCCESSOR}: nobody is answered`);
    expect(plan.warnings.join()).toContain('for about 30 s by a successor');
    expect(plan.warnings.join()).not.toContain(IN_PLACE);
    expect(planFor(surge, plan.end)).toMatchObject({ steps: [], warnings: [] });
  });
});

describe('a rescue', () => {
  const names = { usedNames: ['m0', 'm1', 'm2', 'n3', 'n4'] };
  const lost = powerOff(converged(three), 'm1', 'm2');
  const heard = '2026-11-25T10:00:00Z';
  const fenced = ['m1', 'm2'];

  test('says what is lost, and what to restart afterwards', () => {
    const spec = specOf(['m0@local-a', 'n3@local-b', 'n4@local-c'], {
      ...names,
      rescue: { survivor: 'm0', fenced, heard },
    });
    expect(planFor(spec, lost).warnings.slice(0, 2)).toEqual([
      `m0 becomes a cluster of one: writes that the others accepted after ${heard} are lost for ever`,
      expect.stringMatching(/^afterwards restart kubelets/),
    ]);
    const deaf = { ...spec, rescue: { ...spec.rescue!, heard: null } };
    expect(planFor(deaf, lost).warnings[0]).toContain('accepted and it had not received are lost for ever');
  });

  test('from a backup says of which, and what is lost', () => {
    const spec = specOf(['n3@local-a', 'n4@local-b', 'n5@local-c'], {
      usedNames: ['m0', 'm1', 'm2', 'n3', 'n4', 'n5'],
      rescue: { survivor: 'n3', fenced, heard, backup: { id: 'b7', taken: heard } },
    });
    const plan = planFor(spec, powerOff(lost, 'm0'));
    expect(lines(plan)).toContain('restore-etcd n3 b7');
    expect(plan.warnings).toContain(
      `etcd starts again from the backup b7: writes after ${heard} are lost for ever`,
    );
    expect(plan.warnings.join()).not.toContain('cluster of one');
  });

  test('that cannot go on yet says nothing of losses, for nothing is lost', () => {
    const spec = specOf(['m0@local-a', 'n3@local-b', 'n4@local-c'], {
      ...names,
      rescue: { survivor: 'm0', fenced: [], heard },
    });
    const machines = converged(three).machines.map((machine) =>
      machine.name === 'm1' ? { ...machine, inside: null } : machine,
    );
    const plan = planFor(spec, { ...lost, machines });
    expect(lines(plan)).toEqual(['fence m2']);
    expect(plan.blocked[0]!.message).toContain('m1 is switched on');
    expect(plan.warnings).toEqual([]);
  });
});

describe('the time that the API address is away', () => {
  const figures = { promotion: [1, 10], demotion: [2, 20], replacement: [4, 40], note: 'a word' } as const;
  const away = (spec: ClusterSpec, from: Observation) =>
    makePlan(spec, from, { interruption: figures }).interruption;

  test.each([
    ['to a balancer', withReplicas(one, ['local-b', 'local-c'], nameOf), converged(one), [1, 10]],
    ['from a balancer', { ...three, replicas: three.replicas.slice(1, 2) }, converged(three), [2, 20]],
    ['between machines', withReplacements(one, ['m0'], nameOf), converged(one), [4, 40]],
  ] as const)('is what the provider knows of a move %s', (_, to, from, [expectedSeconds, worstSeconds]) => {
    expect(away(to, from)).toEqual({ expectedSeconds, worstSeconds, note: 'a word' });
  });

  test('is none where it does not move, or nobody has had it', () => {
    expect(away(withReplacements(three, ['m1'], nameOf), converged(three))).toBeNull();
    expect(away(one, planFor(one).begin)).toBeNull();
    const o = converged(three);
    const nobodys = { ...o, address: { ...o.address!, holder: { kind: 'nobody' as const } } };
    expect(lines(planFor(three, nobodys))).toEqual(['hand-over balancer']);
    expect(away(three, nobodys)).toBeNull();
  });
});
