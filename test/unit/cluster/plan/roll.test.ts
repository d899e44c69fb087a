import { describe, expect, test } from 'vitest';
import type { Observation } from '../../../../src/cluster/model/observation.ts';
import { type ClusterSpec, revisable } from '../../../../src/cluster/model/spec.ts';
import {
  drains,
  dueForChange,
  inHand,
  isBesideChange,
  isWhole,
  makingSpec,
  takenBack,
  toPutBack,
  turn,
  whyNobody,
  withoutUntried,
} from '../../../../src/cluster/plan/roll.ts';
import { withReplacements, withRevision, withSurge } from '../../../../src/cluster/plan/spec-changes.ts';
import { withInside, withMember } from '../../../../src/cluster/plan/steps/effects.ts';
import { view } from '../../../../src/cluster/plan/view.ts';
import { converged, powerOff, specOf } from '../../../support/clusters.ts';
import { seen as seenOf } from '../../../support/revisions.ts';

const three = specOf(['m0', 'm1', 'm2']);
const patched = withRevision(three, { ...revisable(three), kubernetesVersion: 'v1.37.9' }, 'c1');
const etcd = withRevision(three, { ...revisable(three), etcdVersion: 'v3.7.9' }, 'c1');

/** Each replica has what `now` is, is to be what `wanted` is, and has been prepared for c1. */
function seen(now: ClusterSpec, wanted: ClusterSpec): Observation {
  return now.replicas.reduce((o, { name }) => withInside(o, name, { staged: 'c1' }), seenOf(now, wanted));
}

const viewed = (spec: ClusterSpec, o: Observation) => view(spec, o, { revive: false });
const ready = seen(three, patched);
const next = (spec: ClusterSpec, o: Observation) => turn(viewed(spec, o))?.replica.name;
const whole = (o: Observation, name = 'm1', spec = three) => {
  const v = viewed(spec, o);
  return isWhole(v, v.replicas.find((replica) => replica.name === name)!);
};

describe('a step that has failed', () => {
  const create = { kind: 'create-machine', replica: 'm3', zone: 'local-a' } as const;
  const node = { kind: 'create-node', node: 'n0', zone: 'local-a' } as const;
  const stage = { kind: 'stage-release', replica: 'm0', change: 'c1' } as const;

  test('says nothing of the change where it is about nodes, or about who comes or leaves', () => {
    expect([create, node, stage].map((step) => isBesideChange(patched, step))).toEqual([true, true, false]);
  });

  test('is about the change where a successor is the first to have it', () => {
    const surge = { ...patched, change: { ...patched.change!, surge: three.replicas[0]! } };
    expect([create, node, stage].map((step) => isBesideChange(surge, step))).toEqual([false, false, false]);
  });
});

describe('who is due', () => {
  const due = (spec: ClusterSpec, o: Observation) =>
    dueForChange(viewed(spec, o)).map(({ replica }) => replica.name);

  test('is everybody who differs and has not had the change', () => {
    expect(due(patched, ready)).toEqual(['m0', 'm1', 'm2']);
    expect(due(patched, withInside(ready, 'm1', { change: 'c1' }))).toEqual(['m0', 'm2']);
    expect(due(patched, withInside(ready, 'm1', { provisioned: false }))).toEqual(['m0', 'm2']);
    expect(due(patched, seen(three, three))).toEqual([]);
  });

  test('is nobody without a change, or once it is taken back', () => {
    expect(due(three, ready)).toEqual([]);
    expect(due({ ...patched, change: { ...patched.change!, back: null } }, ready)).toEqual([]);
    expect(due({ ...patched, change: { ...patched.change!, back: 'm1' } }, ready)).toEqual([]);
  });

  test('pays for the dearest of its differences', () => {
    const cost = (spec: ClusterSpec) => dueForChange(viewed(spec, seen(three, spec)))[0]!.cost;
    expect([cost(patched), cost(etcd)]).toEqual(['api-server', 'etcd']);
  });

  test('starts its API server again for other authorities, whatever else they cost', () => {
    const cost = (spec: ClusterSpec) =>
      dueForChange(viewed(spec, seenOf(three, spec, ['units/haup-addons.service'])))[0]!.cost;
    expect(cost(withRevision(three, revisable(three), 'c1'))).toBe('reload');
    const rotating = { ...revisable(three), generations: { 'front-proxy': [1, 2] } };
    expect(cost(withRevision(three, rotating, 'c1'))).toBe('api-server');
  });
});

describe('whose turn it is', () => {
  test('is that of who does not lead etcd, and of the leader when nobody else is left', () => {
    expect(next(patched, ready)).toBe('m1');
    const others = withInside(withInside(ready, 'm1', { change: 'c1' }), 'm2', { change: 'c1' });
    expect(next(patched, others)).toBe('m0');
  });

  test('is first of all that of who does not work anyway', () => {
    expect(next(patched, withInside(ready, 'm2', { controllers: 'stopped' }))).toBe('m2');
  });

  test('is nobody’s before all are prepared, while two do not work, or while anybody comes or goes', () => {
    expect(next(patched, withInside(ready, 'm2', { staged: null }))).toBeUndefined();
    const ill = withInside(ready, 'm1', { controllers: 'stopped' });
    expect(next(patched, withInside(ill, 'm2', { controllers: 'stopped' }))).toBeUndefined();
    expect(next(patched, withMember(ready, 'm2', { learner: true }))).toBeUndefined();
    expect(next({ ...patched, replicas: patched.replicas.slice(0, 2) }, ready)).toBeUndefined();
    const four = { ...patched, replicas: [...patched.replicas, { name: 'm3', zone: 'local-a' }] };
    expect(next(four, ready)).toBeUndefined();
  });

  test('is nobody’s while the address is not where it belongs, or is lost', () => {
    const held = (address: Observation['address']) => next(patched, { ...ready, address });
    const { ip } = ready.address!;
    expect(held({ ip, holder: { kind: 'balancer' } })).toBe('m1');
    expect(held({ ip, holder: { kind: 'nobody' } })).toBeUndefined();
    expect(held({ ip, holder: { kind: 'balancer' }, lost: 'its zone is gone' })).toBeUndefined();
    expect(held(null)).toBeUndefined();
    expect(held({ ip, holder: { kind: 'machine', name: 'm0' } })).toBeUndefined();
    const one = specOf(['m0']);
    const spec = withRevision(one, { ...revisable(one), kubernetesVersion: 'v1.37.9' }, 'c1');
    const alone = seen(one, spec);
    expect(next(spec, alone)).toBe('m0');
    const elsewhere = { ip, holder: { kind: 'machine', name: 'other' } } as const;
    expect(next(spec, { ...alone, address: elsewhere })).toBeUndefined();
  });

  test('is nobody’s where etcd would have to start again and two of two are needed', () => {
    const two = specOf(['m0', 'm1']);
    const inEtcd = withRevision(two, { ...revisable(two), etcdVersion: 'v3.7.9' }, 'c1');
    expect(next(inEtcd, seen(two, inEtcd))).toBeUndefined();
    const inApi = withRevision(two, { ...revisable(two), kubernetesVersion: 'v1.37.9' }, 'c1');
    expect(next(inApi, seen(two, inApi))).toBe('m1');
    expect(next(etcd, seen(three, etcd))).toBe('m1');
  });
});

describe('why it is nobody’s turn', () => {
  const why = (spec: ClusterSpec, o: Observation) => whyNobody(viewed(spec, o))?.message;

  test('is nothing while somebody’s can come', () => {
    expect(why(patched, ready)).toBeUndefined();
    expect(why(patched, seen(three, three))).toBeUndefined();
  });

  test('is who cannot be looked into, then who does not work, then the quorum', () => {
    expect(why(patched, powerOff(ready, 'm2'))).toContain('waits until m2 is well');
    const ill = withInside(ready, 'm1', { controllers: 'stopped' });
    expect(why(patched, withInside(ill, 'm2', { controllers: 'stopped' }))).toContain(
      'waits until m2 is well',
    );
    const two = specOf(['m0', 'm1']);
    const inEtcd = withRevision(two, { ...revisable(two), etcdVersion: 'v3.7.9' }, 'c1');
    expect(why(inEtcd, seen(two, inEtcd))).toMatch(/^etcd on m1 has to start again.*there is no quorum/);
    // It serves, and what it is nobody can say.
    expect(why(patched, withInside(ready, 'm2', { provisioned: false }))).toContain('waits until m2 is well');
  });

  test('is who has the change and does not work with it, when all have it', () => {
    const all = ['m0', 'm1', 'm2'].reduce((o, name) => withInside(o, name, { change: 'c1' }), ready);
    expect(why(patched, all)).toBeUndefined();
    expect(why(patched, withInside(all, 'm1', { controllers: 'stopped' }))).toContain(
      'waits until m1 is well',
    );
  });
});

describe('a replica is whole', () => {
  test('when it serves, with its controllers, to whom it has to', () => {
    expect(whole(ready)).toBe(true);
    expect(whole(withInside(ready, 'm1', { apiServer: 'unready' }))).toBe(false);
    expect(whole(withInside(ready, 'm1', { controllers: 'disabled' }))).toBe(false);
    expect(whole(powerOff(ready, 'm1'))).toBe(false);
    const targets = ready.balancer!.targets.filter(({ replica }) => replica !== 'm1');
    expect(whole({ ...ready, balancer: { ...ready.balancer!, targets } })).toBe(false);
    expect(whole({ ...ready, balancer: null })).toBe(false);
    const one = specOf(['m0']);
    expect(whole(converged(one), 'm0', one)).toBe(true);
  });
});

test('clients are sent elsewhere before an API server stops, and not for less', () => {
  const replica = viewed(three, ready).replicas[0]!;
  const answers = (['nothing', 'reload', 'controllers', 'api-server', 'etcd'] as const).map((cost) =>
    drains({ replica, cost }),
  );
  expect(answers).toEqual([false, false, false, true, true]);
});

describe('who has failed with a change', () => {
  const back = { ...patched, change: { ...patched.change!, back: 'm1' } };
  const failed = withInside(ready, 'm1', { change: 'c1', apiServer: 'unready' });

  test('is put back, and nothing else is done to it', () => {
    expect(toPutBack(viewed(back, failed))?.replica.name).toBe('m1');
    expect(inHand(viewed(back, failed))).toBe('m1');
    expect(inHand(viewed(patched, ready))).toBe('m1');
    expect(inHand(viewed(three, ready))).toBeUndefined();
  });

  test('is put back also when it did not get as far as to be complete with it', () => {
    const half = withInside(ready, 'm1', { begun: 'c1', staged: 'c1', apiServer: 'disabled' });
    expect(takenBack(patched, half)?.change).toMatchObject({ back: 'm1' });
    expect(toPutBack(viewed(back, half))?.replica.name).toBe('m1');
    expect(withoutUntried(patched, half)).toBeUndefined();
    // Until it is taken back, it is tried again.
    expect(dueForChange(viewed(patched, half)).map(({ replica }) => replica.name)).toContain('m1');
  });

  test('is not when it has been already, is not provisioned, or has another change', () => {
    expect(toPutBack(viewed(back, ready))).toBeUndefined();
    expect(toPutBack(viewed(back, withInside(failed, 'm1', { provisioned: false })))).toBeUndefined();
    expect(toPutBack(viewed(patched, failed))).toBeUndefined();
    expect(toPutBack(viewed({ ...back, change: { ...back.change!, back: 'gone' } }, failed))).toBeUndefined();
  });
});

describe('a change is taken back', () => {
  const failed = withInside(ready, 'm1', { change: 'c1', apiServer: 'unready' });

  test('while one replica at most has it and does not work with it', () => {
    expect(takenBack(patched, ready)?.change).toMatchObject({ back: null });
    expect(takenBack(patched, failed)?.change).toMatchObject({ back: 'm1' });
    for (const broken of [{ apiServer: 'ready', controllers: 'stopped' }, { apiServer: 'unready' }] as const)
      expect(takenBack(patched, withInside(failed, 'm1', broken))).toBeDefined();
    const dead = withMember(withInside(failed, 'm1', { apiServer: 'ready' }), 'm1', { healthy: false });
    expect(takenBack(patched, dead)).toBeDefined();
  });

  test('not when it works, is on two, cannot be seen everywhere, or is taken back already', () => {
    expect(takenBack(patched, withInside(failed, 'm1', { apiServer: 'ready' }))).toBeUndefined();
    expect(takenBack(patched, withInside(failed, 'm2', { change: 'c1' }))).toBeUndefined();
    expect(takenBack(patched, powerOff(failed, 'm2'))).toBeUndefined();
    expect(takenBack(three, failed)).toBeUndefined();
    expect(takenBack({ ...patched, change: { ...patched.change!, back: null } }, failed)).toBeUndefined();
  });

  test('counts those who are as it wants without it', () => {
    const same = {
      ...ready,
      wanted: { ...ready.wanted, m1: seen(three, three).wanted!.m1!, m2: seen(three, three).wanted!.m2! },
    };
    expect(takenBack(patched, same)).toBeUndefined();
  });
});

describe('a new minor of etcd', () => {
  const one = specOf(['m0'], { etcdVersion: 'v3.6.16' });
  const several = specOf(['m0', 'm1', 'm2'], { etcdVersion: 'v3.6.16' });
  const wanting = (of: ClusterSpec, etcdVersion: string) =>
    withRevision(of, { ...revisable(of), etcdVersion }, 'c1');
  const on = (of: ClusterSpec, name: string, as: 'change' | 'begun') =>
    withInside(seen(of, wanting(of, 'v3.7.3')), name, { [as]: 'c1', apiServer: 'unready' });

  test('is not taken back once all voters are on it: the old one does not read their data', () => {
    const newer = wanting(one, 'v3.7.3');
    for (const as of ['change', 'begun'] as const)
      expect(takenBack(newer, on(one, 'm0', as))).toBeUndefined();
    const silent = { ...ready.etcd, readable: false, members: [] };
    expect(takenBack(newer, { ...on(one, 'm0', 'begun'), etcd: silent })).toBeUndefined();
  });

  test('is what the successor of the only master is made by then, though nobody works with it', () => {
    const newer = wanting(one, 'v3.7.3');
    const replaced = withReplacements(newer, ['m0'], () => 'm1');
    expect(makingSpec(replaced, on(one, 'm0', 'change')).etcdVersion).toBe('v3.7.3');
    expect(makingSpec(replaced, seen(one, newer)).etcdVersion).toBe('v3.6.16');
  });

  test('is taken back before that, and so is another patch release', () => {
    const newer = wanting(one, 'v3.7.3');
    expect(takenBack(newer, seen(one, newer))?.change).toMatchObject({ back: null });
    expect(takenBack(wanting(several, 'v3.7.3'), on(several, 'm1', 'change'))?.change).toMatchObject({
      back: 'm1',
    });
    expect(takenBack(wanting(one, 'v3.6.17'), on(one, 'm0', 'change'))?.change).toMatchObject({ back: 'm0' });
  });
});

describe('a change that nobody has tried', () => {
  test('is given up, and one that somebody has, or that is taken back, is not', () => {
    expect(withoutUntried(patched, ready)).toMatchObject({ kubernetesVersion: 'v1.37.1' });
    expect(withoutUntried(patched, ready)).not.toHaveProperty('change');
    expect(withoutUntried(patched, withInside(ready, 'm1', { change: 'c1' }))).toBeUndefined();
    expect(withoutUntried(three, ready)).toBeUndefined();
    expect(withoutUntried({ ...patched, change: { ...patched.change!, back: null } }, ready)).toBeUndefined();
  });
});

describe('a change by a successor', () => {
  const one = specOf(['m0']);
  const surge = withSurge(one, { ...revisable(one), kubernetesVersion: 'v1.37.9' }, 'c1', () => 'm1');
  const both = converged(specOf(['m0', 'm1']));
  const ill = withInside(both, 'm1', { apiServer: 'unready' });

  test('is taken back where the successor does not work and the one before it can go on', () => {
    expect(takenBack(surge, ill)).toMatchObject({ replicas: [{ name: 'm0' }], kubernetesVersion: 'v1.37.1' });
  });

  test.each<readonly [string, Observation]>([
    ['the successor works', both],
    ['the one before it is not well', withMember(ill, 'm0', { healthy: false })],
    [
      'the one before it is no member any more',
      { ...ill, etcd: { ...ill.etcd, members: ill.etcd.members.slice(1) } },
    ],
    [
      'nobody can look into the one before it',
      { ...ill, machines: ill.machines.map((m) => (m.name === 'm0' ? { ...m, inside: null } : m)) },
    ],
    ['the one before it has no machine', { ...ill, machines: ill.machines.slice(1) }],
  ])('is not taken back where %s', (_, o) => {
    expect(takenBack(surge, o)).toBeUndefined();
  });

  test('is on the successor from the start, and is nothing that nobody has tried', () => {
    const untried = seenOf(one, surge);
    expect(makingSpec(surge, untried)).toBe(surge);
    expect(withoutUntried(surge, untried)).toBeUndefined();
  });
});

test('the way back of an abandoned change is what machines are made by, and is not given up', () => {
  const back = { ...patched, change: { ...patched.change!, returns: true as const } };
  expect(makingSpec(back, ready)).toBe(back);
  expect(withoutUntried(back, ready)).toBeUndefined();
  // A newcomer that is made by it and does not work has nothing of before: what was abandoned would be wanted again.
  expect(takenBack(back, withInside(ready, 'm1', { change: 'c1', apiServer: 'unready' }))).toBeUndefined();
  expect(makingSpec(patched, ready)).not.toHaveProperty('change');
});
