import { describe, expect, test } from 'vitest';
import type { Generations } from '../../../../../src/cluster/model/generations.ts';
import type { Observation } from '../../../../../src/cluster/model/observation.ts';
import { type ClusterSpec, revisable } from '../../../../../src/cluster/model/spec.ts';
import { next } from '../../../../../src/cluster/plan/next.ts';
import { wantedCredentials } from '../../../../../src/cluster/plan/nodes/node-credentials.ts';
import { makingSpec, takenBack, withoutUntried } from '../../../../../src/cluster/plan/roll.ts';
import { rollReplicas } from '../../../../../src/cluster/plan/rules/rolling.ts';
import { abandoned, withRevision, withSurge } from '../../../../../src/cluster/plan/spec-changes.ts';
import { withInside, withMember } from '../../../../../src/cluster/plan/steps/effects.ts';
import { emptyNode, withNodes } from '../../../../../src/cluster/plan/steps/node-effects.ts';
import { view } from '../../../../../src/cluster/plan/view.ts';
import { converged, lines, planFor, powerOff, specOf } from '../../../../support/clusters.ts';
import { seen } from '../../../../support/revisions.ts';

const three = specOf(['m0', 'm1', 'm2'], { bootstrapped: true });

const patched = withRevision(three, { ...revisable(three), kubernetesVersion: 'v1.37.9' }, 'c1');
const etcd = withRevision(three, { ...revisable(three), etcdVersion: 'v3.7.9' }, 'c1');

describe('a changed spec', () => {
  test('is prepared everywhere, then put on one replica after the other, who leads etcd last, etcd left alone', () => {
    expect(lines(planFor(patched, seen(three, patched)))).toEqual([
      'stage-release m0 c1',
      'stage-release m1 c1',
      'stage-release m2 c1',
      ...['m1', 'm2', 'm0'].flatMap((name) => [
        `set-targets ${['m0', 'm1', 'm2'].filter((other) => other !== name)}`,
        `stop-controllers ${name}`,
        `stop-api-server ${name}`,
        `change-release ${name} c1 api-server`,
        `start-control-plane ${name}`,
        'set-targets m0,m1,m2',
      ]),
      'finish-change',
    ]);
  });

  test('that is in etcd moves the leadership once, when only the leader is left', () => {
    const plan = lines(planFor(etcd, seen(three, etcd)));
    expect(plan.filter((line) => line.startsWith('move-leader'))).toEqual(['move-leader m0 m1']);
    expect(plan.indexOf('move-leader m0 m1') + 1).toBe(plan.indexOf('change-release m0 c1 etcd'));
  });

  test.each([
    [
      'units/kube-scheduler.service',
      ['stop-controllers m1', 'change-release m1 c1 controllers', 'start-control-plane m1'],
    ],
    ['units/haup-addons.service', ['change-release m1 c1 reload']],
    ['config/backup.sh', ['change-release m1 c1 nothing']],
  ])('in %s stops nothing else', (path, steps) => {
    const spec = withRevision(three, revisable(three), 'c1');
    const plan = lines(planFor(spec, seen(three, spec, [path])));
    expect(plan.filter((line) => line.includes(' m1') && !line.startsWith('stage'))).toEqual(steps);
    expect(plan.join()).not.toContain('set-targets');
  });

  test('is not complete while nobody has said what one of the replicas should be', () => {
    const o = seen(three, patched);
    const { m2: _, ...others } = o.wanted!;
    const has = (name: string) =>
      withInside(o, name, { change: 'c1' }).machines.find((m) => m.name === name)!;
    const done = { ...o, machines: ['m0', 'm1', 'm2'].map(has) };
    expect(next(patched, done).steps).toEqual([{ kind: 'finish-change' }]);
    expect(next(patched, { ...done, wanted: others }).steps).toEqual([]);
  });

  test('differences that no change explains are left alone', () => {
    expect(planFor(three, seen(three, patched))).toMatchObject({ steps: [], blocked: [] });
  });

  test('waits until everybody else is well', () => {
    const { blocked, steps } = planFor(patched, powerOff(seen(three, patched), 'm2'));
    expect(blocked[0]!.message).toContain('waits until m2 is well');
    expect(steps.map(({ step }) => step.kind)).not.toContain('stop-api-server');
    const ill = withInside(seen(three, patched), 'm2', { controllers: 'stopped' });
    expect(lines(planFor(patched, ill)).find((line) => line.startsWith('change'))).toContain('m2');
  });

  test('does not stop etcd where two vote, and does stop an API server there', () => {
    const two = specOf(['m0', 'm1'], { bootstrapped: true });
    const inEtcd = withRevision(two, { ...revisable(two), etcdVersion: 'v3.7.9' }, 'c1');
    expect(planFor(inEtcd, seen(two, inEtcd)).blocked[0]!.message).toContain('there is no quorum');
    const inApi = withRevision(two, { ...revisable(two), kubernetesVersion: 'v1.37.9' }, 'c1');
    expect(planFor(inApi, seen(two, inApi)).blocked).toEqual([]);
  });

  test('of a single replica is made in place, and announced', () => {
    const one = specOf(['m0'], { bootstrapped: true });
    const spec = withRevision(one, { ...revisable(one), etcdVersion: 'v3.7.9' }, 'c1');
    const plan = planFor(spec, seen(one, spec));
    expect(lines(plan)).toEqual([
      'stage-release m0 c1',
      'stop-controllers m0',
      'change-release m0 c1 etcd true',
      'start-control-plane m0',
      'finish-change',
    ]);
    expect(plan.warnings.join()).toContain('nobody is answered');
  });

  test.each(['stopped', 'unready'] as const)(
    'of a single replica whose API server is %s stops it for good first',
    (apiServer) => {
      const one = specOf(['m0'], { bootstrapped: true });
      const spec = withRevision(one, { ...revisable(one), kubernetesVersion: 'v1.37.9' }, 'c1');
      const cutOff = { staged: 'c1', begun: 'c1', controllers: 'disabled', apiServer } as const;
      expect(lines(planFor(spec, withInside(seen(one, spec), 'm0', cutOff)))).toEqual([
        'stop-api-server m0',
        'change-release m0 c1 api-server',
        'start-control-plane m0',
        'finish-change',
      ]);
    },
  );
});

describe('a change that fails', () => {
  const failed = withInside(seen(three, patched), 'm1', { change: 'c1', apiServer: 'unready' });
  const targets = failed.balancer!.targets.filter(({ replica }) => replica !== 'm1');
  const first = { ...failed, balancer: { ...failed.balancer!, targets } };

  test('at its first replica is taken back: that one is put back and started, nobody else is touched', () => {
    const back = takenBack(patched, first)!;
    expect(back).toMatchObject({ kubernetesVersion: 'v1.37.1', change: { back: 'm1' } });
    expect(back).not.toHaveProperty('wayBack');
    const plan = lines(planFor(back, { ...first, wanted: seen(three, three).wanted }));
    expect(plan).toEqual([
      'put-back m1 c1 false',
      'start-control-plane m1',
      'set-targets m0,m1,m2',
      'finish-change',
    ]);
  });

  test('before that takes only the wish back', () => {
    const back = takenBack(patched, seen(three, patched))!;
    expect(back.change).toMatchObject({ back: null });
    expect(lines(planFor(back, seen(three, three)))).toEqual(['finish-change']);
  });

  test('is not taken back once a replica works with it, or a second has it, or nobody can look', () => {
    expect(takenBack(patched, withInside(first, 'm1', { apiServer: 'ready' }))).toBeUndefined();
    expect(takenBack(patched, withInside(first, 'm2', { change: 'c1' }))).toBeUndefined();
    expect(takenBack(patched, powerOff(first, 'm2'))).toBeUndefined();
  });

  test('is taken back although another has no machine, which cannot have it', () => {
    const gone = { ...first, machines: first.machines.filter(({ name }) => name !== 'm2') };
    expect(takenBack(patched, gone)).toMatchObject({ change: { back: 'm1' } });
    const empty = withInside(first, 'm2', { provisioned: false, revision: null });
    expect(takenBack(patched, empty)).toMatchObject({ change: { back: 'm1' } });
  });

  test('in etcd starts the old etcd again', () => {
    const dead = withMember(
      withInside(seen(three, etcd), 'm1', { change: 'c1', etcd: 'stopped', apiServer: 'disabled' }),
      'm1',
      { healthy: false },
    );
    const revision = { ...dead.machines[1]!.inside!.revision!, etcdVersion: 'v3.7.9' };
    const back = takenBack(etcd, dead)!;
    const o = { ...withInside(dead, 'm1', { revision }), wanted: seen(three, three).wanted };
    expect(next(back, o).steps[0]).toEqual({ kind: 'put-back', replica: 'm1', change: 'c1', etcd: true });
  });
});

describe('a newcomer', () => {
  const seenFirst = (change: object) => withInside(seen(three, patched), 'm1', { change: 'c1', ...change });

  test('is made as the others were, while a change is tried by nobody or works with nobody', () => {
    const before = specOf(['m0', 'm1', 'm2'], { bootstrapped: true });
    expect(makingSpec(patched, seen(three, patched))).toEqual(before);
    expect(makingSpec(patched, seenFirst({ apiServer: 'unready' }))).toEqual(before);
  });

  test('has the change as soon as it works with one, or has got further than one', () => {
    expect(makingSpec(patched, seenFirst({}))).toBe(patched);
    const two = withInside(seenFirst({ apiServer: 'unready' }), 'm2', { change: 'c1', apiServer: 'unready' });
    expect(makingSpec(patched, two)).toBe(patched);
  });

  test('of a change that is taken back is made as before, which the spec says then', () => {
    const back = takenBack(patched, seenFirst({ apiServer: 'unready' }))!;
    expect(makingSpec(back, seenFirst({ apiServer: 'unready' }))).toBe(back);
    expect(makingSpec(three, seen(three, three))).toBe(three);
  });

  test('of a change that was abandoned is made as all are to be again, whoever has what was abandoned', () => {
    const back = abandoned(patched, seen(three, patched));
    expect(back).toMatchObject({ kubernetesVersion: 'v1.37.1', change: { id: 'c1r' } });
    expect(makingSpec(back, seen(three, three))).toBe(back);
    expect(withoutUntried(back, seen(three, three))).toBeUndefined();
  });

  test('that comes with a change comes first, and is changed in its turn', () => {
    const one = specOf(['m0'], { bootstrapped: true });
    const grown = { ...specOf(['m0', 'm1@b', 'm2@c']), usedNames: ['m0', 'm1', 'm2'] };
    const wanted = withRevision(one, { ...revisable(one), kubernetesVersion: 'v1.37.9' }, 'c1');
    const both = { ...grown, kubernetesVersion: 'v1.37.9', change: wanted.change };
    const plan = lines(planFor(both, seen(one, wanted)));
    expect(plan.filter((line) => /^(provision|promote|change|finish)/.test(line))).toEqual([
      'provision m1',
      'provision m2',
      'promote m1',
      'promote m2',
      'change-release m1 c1 api-server',
      'change-release m2 c1 api-server',
      'change-release m0 c1 api-server',
      'finish-change',
    ]);
  });
});

describe('a single replica that is changed by a successor', () => {
  const one = specOf(['m0'], { bootstrapped: true });
  const surge = withSurge(one, { ...revisable(one), kubernetesVersion: 'v1.37.9' }, 'c1', () => 'm1');

  test('goes when that works, which has the change from the start', () => {
    const plan = planFor(surge, seen(one, surge));
    expect(lines(plan)).toEqual([
      'create-machine m1 local-a',
      'provision m1',
      'add-learner m1',
      'start-etcd m1',
      'promote m1',
      'start-control-plane m1',
      'hand-over m1',
      'stop-controllers m0',
      'stop-api-server m0',
      'move-leader m0 m1',
      expect.stringContaining('remove-member m0'),
      'delete-machine m0',
      'finish-change',
    ]);
    expect(plan.warnings.join()).toContain('by a successor that takes the address over');
    expect(makingSpec(surge, seen(one, surge))).toBe(surge);
  });

  test('stays when that does not, and the spec is as before', () => {
    const both = converged(specOf(['m0', 'm1']));
    const ill = withInside(both, 'm1', { change: 'c1', apiServer: 'unready' });
    expect(takenBack(surge, ill)).toEqual(one.usedNames.length ? { ...one, usedNames: ['m0', 'm1'] } : one);
    expect(takenBack(surge, withInside(ill, 'm1', { apiServer: 'ready' }))).toBeUndefined();
    expect(takenBack(surge, powerOff(ill, 'm0'))).toBeUndefined();
    expect(abandoned(surge, ill)).toEqual({ ...one, usedNames: ['m0', 'm1'] });
    expect(withoutUntried(surge, ill)).toBeUndefined();
  });

  test('is none of several', () => {
    expect(() => withSurge(three, revisable(three), 'c1', () => 'm3')).toThrow('from a single replica');
  });
});

function rolled(spec: ClusterSpec, o: Observation) {
  return rollReplicas(view(spec, o, { revive: false }));
}

/** Every replica has had the change. */
function done(spec: ClusterSpec, o: Observation): Observation {
  return spec.replicas.reduce((at, { name }) => withInside(at, name, { change: 'c1' }), o);
}

const nothingYet = { steps: [], blocked: [] };
const finished = { steps: [{ kind: 'finish-change' }], blocked: [] };

describe('a change of a single replica', () => {
  const one = specOf(['m0'], { bootstrapped: true });

  test('behind a balancer is made in place as well: there is no other to send clients to', () => {
    const always = specOf(['m0'], { balancer: 'always' });
    const spec = withRevision(always, { ...revisable(always), kubernetesVersion: 'v1.37.9' }, 'c1');
    const plan = lines(planFor(spec, seen(always, spec)));
    expect(plan).toContain('change-release m0 c1 api-server true');
    expect(plan.at(-1)).toBe('finish-change');
    expect(plan.filter((line) => line.startsWith('set-targets'))).toEqual([]);
  });

  test('that its API server does not notice lets it run', () => {
    const spec = withRevision(one, revisable(one), 'c1');
    expect(lines(planFor(spec, seen(one, spec, ['units/haup-addons.service'])))).toEqual([
      'stage-release m0 c1',
      'change-release m0 c1 reload',
      'finish-change',
    ]);
  });
});

describe('a change is complete', () => {
  const all = done(three, seen(three, patched));

  test('where all replicas have it, and not in a cluster that does not exist yet', () => {
    expect(rolled(patched, all)).toEqual(finished);
    const never = { ...all, remembered: { ...all.remembered, bootstrapped: false } };
    expect(rolled(patched, never)).toEqual(nothingYet);
  });

  test('whoever else has a machine, unless that is the one whose place was taken', () => {
    const stray = { ...all, machines: [...all.machines, { ...all.machines[0]!, name: 'm9' }] };
    expect(rolled(patched, stray)).toEqual(finished);
    const one = specOf(['m0'], { bootstrapped: true });
    const surge = withSurge(one, { ...revisable(one), kubernetesVersion: 'v1.37.9' }, 'c1', () => 'm1');
    const both = { ...done(surge, converged(specOf(['m0', 'm1']))), wanted: {} };
    expect(rolled(surge, both)).toEqual(nothingYet);
    const alone = { ...both, machines: both.machines.slice(1) };
    const left = { ...alone, etcd: { ...alone.etcd, members: alone.etcd.members.slice(1) } };
    expect(rolled(surge, left)).toEqual(finished);
  });

  test('only as far as anybody knows what the replicas should be', () => {
    const { wanted, ...unasked } = all;
    expect(rolled(patched, unasked)).toEqual(nothingYet);
    const { m2: _, ...others } = wanted!;
    expect(rolled(patched, { ...all, wanted: others })).toEqual(nothingYet);
    const bare = withInside({ ...all, wanted: others }, 'm2', { revision: null });
    expect(rolled(patched, bare)).toEqual(finished);
  });
});

describe('a rotation', () => {
  const nodes = [{ name: 'n0', zone: 'local-a' }];
  const rotating = (before: Generations, after: Generations): ClusterSpec => {
    const base = specOf(['m0', 'm1', 'm2'], {
      nodes,
      usedNames: ['m0', 'm1', 'm2', 'n0'],
      generations: before,
    });
    return withRevision(base, { ...revisable(base), generations: after }, 'c1');
  };
  const node = { name: 'n0', zone: 'local-a', state: 'running', internalIp: '', externalIp: null } as const;
  const having = (spec: ClusterSpec, inside: object | null): Observation => {
    return withNodes(done(spec, seen(three, three)), {
      machines: [{ ...node, inside: inside && { ...emptyNode, provisioned: true, ...inside } }],
    });
  };
  const told = (before: Generations, after: Generations) => {
    const spec = rotating(before, after);
    return rolled(spec, having(spec, wantedCredentials(spec))).steps;
  };

  test('is complete when the nodes were told as well, and waits for who cannot be', () => {
    const spec = rotating({}, { ca: [1, 2] });
    const before = { clientIssuer: 'kubelet-client-ca' };
    expect(rolled(spec, having(spec, before)).steps).toMatchObject([{ kind: 'renew-node', node: 'n0' }]);
    expect(rolled(spec, having(spec, null))).toMatchObject({
      steps: [],
      blocked: [{ message: expect.stringContaining('until n0 can be told') }],
    });
  });

  test.each<readonly [string, Generations, Generations, readonly string[] | undefined]>([
    ['lets both keys of operators in', {}, { ssh: [1, 2] }, ['authorize-operators']],
    ['lets the new key of operators in alone', { ssh: [2, 1] }, { ssh: [2] }, ['authorize-operators']],
    [
      'writes Secrets anew once the new key encrypts',
      { encryption: [1, 2] },
      { encryption: [2, 1] },
      ['rewrite-secrets'],
    ],
    ['writes no Secret anew before', {}, { encryption: [1, 2] }, undefined],
    ['tells extensions that an authority has gone', { ca: [2, 1] }, { ca: [2] }, ['forget-authorities']],
    [
      'tells extensions nothing while both are believed',
      { ca: [1, 2] },
      { ca: [2, 1], serving: 1 },
      undefined,
    ],
    [
      'tells extensions nothing of what they do not know',
      { 'etcd-ca': [2, 1] },
      { 'etcd-ca': [2] },
      undefined,
    ],
  ])('%s', (_, before, after, then) => {
    expect(told(before, after)).toEqual([{ kind: 'finish-change', ...(then ? { after: then } : {}) }]);
  });
});
