import { describe, expect, test } from 'vitest';
import type { Observation } from '../../../../../src/cluster/model/observation.ts';
import type { ClusterSpec } from '../../../../../src/cluster/model/spec.ts';
import type { Policy } from '../../../../../src/cluster/plan/decision.ts';
import { next } from '../../../../../src/cluster/plan/next.ts';
import { withReplacedNodes } from '../../../../../src/cluster/plan/nodes/node-changes.ts';
import { keepNodes } from '../../../../../src/cluster/plan/rules/nodes.ts';
import { withInside } from '../../../../../src/cluster/plan/steps/effects.ts';
import {
  withNodeInside,
  withNodeMachine,
  withNodeObject,
  withNodes,
} from '../../../../../src/cluster/plan/steps/node-effects.ts';
import { view } from '../../../../../src/cluster/plan/view.ts';
import { converged, lines, planFor, specOf } from '../../../../support/clusters.ts';

const nodes = [
  { name: 'n0', zone: 'local-a' },
  { name: 'n1', zone: 'local-b' },
];
const spec = specOf(['m0@local-a'], { nodes, usedNames: ['m0', 'n0', 'n1'] });
const routed = { routes: [], serviceNodes: [] };
/** Two nodes that have joined, on a provider that routes pods and has addresses for Services. */
const healthy = planFor(spec, withNodes(converged({ ...spec, nodes: [] }), { ...routed, objects: [] })).end;
const withoutFirst: ClusterSpec = { ...spec, nodes: nodes.slice(1) };

function steps(wanted: ClusterSpec, o: Observation): string[] {
  return next(wanted, o).steps.map((step) => ('node' in step ? `${step.kind} ${step.node}` : step.kind));
}

describe('nodes', () => {
  test('come beside the masters: machine, programs, kubelet and its pods’ network, Services', () => {
    const plan = lines(
      planFor({ ...spec, nodes: nodes.slice(0, 1) }, withNodes(converged({ ...spec, nodes: [] }), routed)),
    );
    expect(plan.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
      'create-node n0',
      'provision-node n0',
      'join-node n0',
      'set-service-nodes n0',
    ]);
  });

  test('of a new cluster boot with its masters, and join when the API answers at its address', () => {
    const plan = lines(planFor(spec));
    const at = (start: string) => plan.findIndex((line) => line.startsWith(start));
    expect(at('create-node n0')).toBeLessThan(at('bootstrap-etcd'));
    expect(at('join-node n0')).toBeGreaterThan(at('hand-over'));
  });

  test('that have joined need nothing', () => {
    expect(steps(spec, healthy)).toEqual([]);
  });

  test('that leave get no more traffic from outside before they are drained', () => {
    expect(steps(withoutFirst, healthy)).toEqual(['set-service-nodes']);
    const rest = lines(planFor(withoutFirst, healthy)).map((line) => line.split(' ')[0]);
    expect(rest).toEqual(['set-service-nodes', 'drain-node', 'delete-node', 'forget-node']);
  });

  test('that are dead are deleted without a drain: the pods of a machine that is gone are made again elsewhere', () => {
    const silent = withNodeObject(withNodes(healthy, { serviceNodes: ['n1'] }), 'n0', { ready: 'unknown' });
    const dead = withNodeMachine(silent, 'n0', { inside: null });
    expect(steps(withoutFirst, dead)).toEqual(['delete-node n0']);
  });

  test('stay until their successors are ready', () => {
    const wanted = withReplacedNodes(spec, healthy, ['n0'], () => 'n2');
    const plan = lines(planFor(wanted, healthy)).map((line) => line.split(' ').slice(0, 2).join(' '));
    expect(plan.indexOf('join-node n2')).toBeGreaterThan(-1);
    expect(plan.indexOf('drain-node n0')).toBeGreaterThan(plan.indexOf('join-node n2'));
  });

  test('are neither made anew nor removed while the API does not answer: nobody knows what runs there', () => {
    const unseen = withNodes(healthy, { objects: null, machines: healthy.nodes.machines.slice(0, 1) });
    expect(steps(spec, unseen)).toEqual([]);
    const { blocked } = next({ ...spec, nodes: [] }, unseen);
    expect(blocked[0]?.message).toContain('nobody can say which pods run on n0');
  });

  test('of others are left alone', () => {
    const [object] = healthy.nodes.objects!;
    const foreign = { ...object!, name: 'by-kubeadm' };
    expect(steps(spec, withNodes(healthy, { objects: [...healthy.nodes.objects!, foreign] }))).toEqual([]);
  });

  test('that are called like a master, or like one that is gone, are no business of ours: no machine of that name is deleted', () => {
    const [object] = healthy.nodes.objects!;
    const used = [...spec.usedNames, 'demo-master-k2x'];
    for (const name of ['m0', 'demo-master-k2x']) {
      const named = withNodes(healthy, { objects: [...healthy.nodes.objects!, { ...object!, name }] });
      expect(steps({ ...spec, usedNames: used }, named)).toEqual([]);
    }
    // A master that leaves is still a master.
    const leaves = specOf(['m1@local-a'], { nodes, usedNames: ['m0', 'm1', 'n0', 'n1'] });
    const seen = withNodes(healthy, { objects: [...healthy.nodes.objects!, { ...object!, name: 'm0' }] });
    expect(keepNodes(view(leaves, seen, { revive: false })).steps).toEqual(
      keepNodes(view(leaves, healthy, { revive: false })).steps,
    );
  });

  test('that are gone, of whom an object is left, are forgotten', () => {
    const [object] = healthy.nodes.objects!;
    const left = withNodes(healthy, { objects: [...healthy.nodes.objects!, { ...object!, name: 'n9' }] });
    expect(steps({ ...spec, usedNames: [...spec.usedNames, 'n9'] }, left)).toEqual(['forget-node n9']);
  });

  test('whose kubelet has stopped are unhealthy, not unfinished; repair starts it', () => {
    const machines = healthy.nodes.machines.map((m) => ({
      ...m,
      inside: { ...m.inside!, kubelet: 'stopped' as const },
    }));
    const ill = withNodes(healthy, { machines });
    expect(steps(spec, ill)).toEqual([]);
    // Nor are their pods led to before they run.
    expect(steps(spec, withNodes(ill, { routes: [] }))).toEqual([]);
    expect(next(spec, ill, { revive: true }).steps.map(({ kind }) => kind)).toEqual([
      'join-node',
      'join-node',
    ]);
  });

  test.each([
    [{ containerd: 'stopped' }, { containerd: 'disabled' }],
    [{ kubeProxy: 'stopped' }, { kubeProxy: 'disabled' }],
  ] as const)(
    'with %j are unhealthy, not unfinished; repair starts what is wanted, not what %j says',
    (stopped, disabled) => {
      const ill = withNodeInside(healthy, 'n0', stopped);
      expect(steps(spec, ill)).toEqual([]);
      expect(decided(spec, ill, revive)).toEqual(['join-node n0']);
      expect(planFor(spec, ill, revive).steps).toHaveLength(1);
      expect(decided(spec, withNodeInside(healthy, 'n0', disabled), revive)).toEqual([]);
    },
  );

  test('that join get neither pods nor traffic for Services before they have what they need', () => {
    const half = withNodeInside(healthy, 'n0', { joining: true, podCidr: null });
    const seen = withNodes(half, { routes: half.nodes.routes!.slice(1), serviceNodes: ['n1'] });
    expect(steps(spec, seen)).toEqual(['join-node n0']);
    expect(steps(spec, withNodes(seen, { routes: half.nodes.routes }))).toEqual(['join-node n0']);
  });

  test('whose join was cut off when they had all but their network, or who have lost it, get the route, then pods', () => {
    const half = withNodeInside(healthy, 'n0', { podCidr: null });
    expect(steps(spec, withNodes(half, { routes: half.nodes.routes!.slice(1) }))).toEqual(['route-pods n0']);
    expect(steps(spec, half)).toEqual(['connect-pods n0']);
  });

  test('bring their own network where haup is told so', () => {
    const plan = lines(
      planFor({ ...spec, cni: 'none' }, withNodes(converged({ ...spec, nodes: [] }), routed)),
    );
    expect(plan.filter((line) => /route-pods|connect-pods/.test(line))).toEqual([]);
  });
});

/** What the rule alone decides. */
function decided(wanted: ClusterSpec, o: Observation, policy: Policy = { revive: false }): string[] {
  const { steps } = keepNodes(view(wanted, o, policy));
  return steps.map((step) => {
    if (step.kind === 'set-service-nodes') return `${step.kind} ${step.nodes}`;
    return 'node' in step ? `${step.kind} ${step.node}` : step.kind;
  });
}

const revive = { revive: true };
/** The API does not know n0: it has never joined. */
const unjoined = withNodes(healthy, { objects: healthy.nodes.objects!.slice(1), serviceNodes: ['n1'] });

describe('the machine of a node', () => {
  const off = (o: Observation) => withNodeMachine(o, 'n0', { state: 'stopped', inside: null });
  const bare = (o: Observation) => withNodeInside(o, 'n0', { provisioned: false });
  const hidden = (o: Observation) => withNodeMachine(o, 'n0', { inside: null });
  const unreserved = (o: Observation) => ({ ...o, address: null });

  test.each<readonly [string, Observation, Policy | undefined, readonly string[]]>([
    ['that is switched off and never joined is started', off(unjoined), undefined, ['start-node n0']],
    ['that is switched off and has joined is left alone', off(healthy), undefined, []],
    ['that is switched off and has joined is started by a repair', off(healthy), revive, ['start-node n0']],
    ['that never joined gets its programs', bare(unjoined), undefined, ['provision-node n0']],
    ['waits for the address that its programs ask for', unreserved(bare(unjoined)), revive, []],
    ['that has joined and lost its disk is left alone', bare(healthy), undefined, []],
    [
      'that has joined and lost its disk gets its programs by a repair',
      bare(healthy),
      revive,
      ['provision-node n0'],
    ],
    [
      'that has joined and cannot be looked into is left alone, also by a repair',
      hidden(healthy),
      revive,
      [],
    ],
    ['that is ready for it joins', unjoined, undefined, ['join-node n0']],
    [
      'whose kubelet was never started joins, though the API knows it',
      withNodeInside(healthy, 'n0', { kubelet: 'disabled' }),
      undefined,
      ['join-node n0'],
    ],
  ])('%s', (_, o, policy, expected) => {
    expect(decided(spec, withNodes(o, { serviceNodes: null }), policy)).toEqual(expected);
  });
});

describe('a node joins', () => {
  const joins = (o: Observation, wanted = spec) => decided(wanted, withNodes(o, { serviceNodes: null }));

  test('where an API server serves, though another does not', () => {
    const three = {
      ...spec,
      ...specOf(['m0', 'm1', 'm2']),
      nodes,
      usedNames: ['m0', 'm1', 'm2', 'n0', 'n1'],
    };
    const o = { ...converged({ ...three, nodes: [] }), nodes: unjoined.nodes };
    expect(joins(withInside(o, 'm1', { apiServer: 'stopped' }), three)).toEqual(['join-node n0']);
    const none = ['m0', 'm1', 'm2'].reduce((at, name) => withInside(at, name, { apiServer: 'stopped' }), o);
    expect(joins(none, three)).toEqual([]);
  });

  test('only where somebody has the address that it asks at', () => {
    expect(joins({ ...unjoined, address: null })).toEqual([]);
    const { ip } = unjoined.address!;
    expect(joins({ ...unjoined, address: { ip, holder: { kind: 'nobody' } } })).toEqual([]);
  });
});

describe('the route to the pods of a node', () => {
  const [route] = healthy.nodes.routes!;
  const routes = (...list: NonNullable<Observation['nodes']['routes']>[number][]) =>
    decided(spec, withNodes(healthy, { routes: [...list, ...healthy.nodes.routes!.slice(1)] }));

  test('is made where there is none, or it leads elsewhere', () => {
    expect(routes(route!)).toEqual([]);
    expect(routes()).toEqual(['route-pods n0']);
    expect(routes({ ...route!, machine: 'n1' })).toEqual(['route-pods n0']);
    expect(routes({ ...route!, destination: '10.1.2.0/24' })).toEqual(['route-pods n0']);
  });

  test('is made, and its pods are connected, once the API has said which addresses they have', () => {
    const silent = withNodeObject(withNodeInside(healthy, 'n0', { podCidr: null }), 'n0', { podCidr: null });
    expect(decided(spec, withNodes(silent, { routes: [] }))).toEqual(['route-pods n1']);
    const connected = withNodeObject(healthy, 'n0', { podCidr: null });
    expect(decided(spec, connected)).toEqual([]);
  });

  test('is the user’s affair, and so is what connects pods, where haup is told so', () => {
    const own = withNodes(withNodeInside(healthy, 'n0', { podCidr: null }), { routes: [] });
    expect(decided({ ...spec, cni: 'none' }, own)).toEqual([]);
  });
});

describe('the external addresses of Services', () => {
  const led = (o: Observation, ...serviceNodes: string[]) => decided(spec, withNodes(o, { serviceNodes }));

  test('lead to whoever is at work and known to the API', () => {
    expect(led(healthy)).toEqual(['set-service-nodes n0,n1']);
    expect(led(withNodeInside(healthy, 'n0', { kubelet: 'stopped' }))).toEqual(['set-service-nodes n1']);
    expect(led(unjoined)).toContain('set-service-nodes n1');
  });

  test('go on leading to who is down for a while, and not to who has no machine, or is not wanted', () => {
    const down = withNodeMachine(healthy, 'n0', { state: 'stopped', inside: null });
    expect(led(down, 'n0', 'n1')).toEqual([]);
    const machines = healthy.nodes.machines.filter(({ name }) => name !== 'n0');
    expect(led(withNodes(healthy, { machines }), 'n0', 'n1')).toEqual(['set-service-nodes n1']);
    expect(led(healthy, 'n0', 'n1', 'gone')).toEqual(['set-service-nodes n0,n1']);
  });
});

describe('a node that leaves', () => {
  /** No Service leads to it any more. */
  const leaving = withNodes(healthy, { serviceNodes: ['n1'] });
  const leaves = (o: Observation, wanted = withoutFirst) => decided(wanted, o);

  test('is drained while it lives, until no pod is left that has to move and none can come', () => {
    const drained = { cordoned: true, podsToMove: 0 };
    expect(leaves(leaving)).toEqual(['drain-node n0']);
    expect(leaves(withNodeObject(leaving, 'n0', { ...drained, podsToMove: 2 }))).toEqual(['drain-node n0']);
    expect(leaves(withNodeObject(leaving, 'n0', { ...drained, cordoned: false }))).toEqual(['drain-node n0']);
    expect(leaves(withNodeObject(leaving, 'n0', drained))).toEqual(['delete-node n0']);
  });

  test('is not drained where it is switched off, though the API has not noticed yet', () => {
    const off = withNodeMachine(leaving, 'n0', { state: 'stopped', inside: null });
    expect(leaves(off)).toEqual(['delete-node n0']);
  });

  test.each<readonly [string, Observation, string]>([
    [
      'whose kubelet is silent is drained: its pods run on',
      withNodeObject(leaving, 'n0', { ready: 'unknown' }),
      'drain-node n0',
    ],
    [
      'whose kubelet says that it is not ready is drained, also where nobody can look into the machine',
      withNodeMachine(withNodeObject(leaving, 'n0', { ready: 'unready' }), 'n0', { inside: null }),
      'drain-node n0',
    ],
    [
      'that is ready is drained, also where nobody can look into the machine',
      withNodeMachine(leaving, 'n0', { inside: null }),
      'drain-node n0',
    ],
    [
      'of which neither the API nor its machine hears anything is not drained',
      withNodeMachine(withNodeObject(leaving, 'n0', { ready: 'unknown' }), 'n0', { inside: null }),
      'delete-node n0',
    ],
    [
      'that the API calls ready is drained, whatever its disk says of it',
      withNodeInside(leaving, 'n0', { provisioned: false }),
      'drain-node n0',
    ],
    [
      'whose disk is empty is not drained: nothing is left that could run pods',
      withNodeInside(withNodeObject(leaving, 'n0', { ready: 'unknown' }), 'n0', { provisioned: false }),
      'delete-node n0',
    ],
  ])('%s', (_, o, step) => {
    expect(leaves(o)).toEqual([step]);
  });

  test('and whose kubelet is silent goes with its pods where that is forced, and no other does', () => {
    const forced = { revive: false, drain: { force: true, timeoutSeconds: 1 } };
    const silent = withNodeObject(leaving, 'n0', { ready: 'unknown' });
    expect(decided(withoutFirst, silent, forced)).toEqual(['delete-node n0']);
    for (const ready of ['ready', 'unready'] as const)
      expect(decided(withoutFirst, withNodeObject(leaving, 'n0', { ready }), forced)).toEqual([
        'drain-node n0',
      ]);
  });

  test('is not drained where the API has never known it', () => {
    expect(leaves(withNodes(leaving, { objects: unjoined.nodes.objects }))).toEqual(['delete-node n0']);
  });

  test('of a cluster that never had an API is deleted, for nobody can run pods on it', () => {
    const never = withNodes(leaving, { objects: null, machines: leaving.nodes.machines.slice(0, 1) });
    const o = { ...never, remembered: { ...never.remembered, bootstrapped: false } };
    expect(leaves(o, { ...spec, nodes: [] })).toEqual(['delete-node n0']);
  });

  test('waits for a newcomer whose pods are not connected yet, and for no other that is ill', () => {
    const ill = (object: 'ready' | 'unready' | 'unknown', inside: Parameters<typeof withNodeInside>[2]) =>
      leaves(withNodeObject(withNodeInside(leaving, 'n1', inside), 'n1', { ready: object }));
    expect(ill('unready', { podCidr: null })).not.toContain('drain-node n0');
    expect(ill('ready', { podCidr: null })).toContain('drain-node n0');
    expect(ill('unready', { podCidr: null, kubelet: 'stopped' })).toContain('drain-node n0');
    expect(ill('unready', { joining: true })).not.toContain('drain-node n0');
    expect(ill('unknown', { joining: true, kubelet: 'stopped' })).not.toContain('drain-node n0');
    const off = (podsToMove: number, ready: 'ready' | 'unknown' = 'unknown') => {
      const dark = withNodeMachine(leaving, 'n1', { state: 'stopped', inside: null });
      return leaves(withNodeObject(dark, 'n1', { ready, podsToMove }));
    };
    expect(off(0)).not.toContain('drain-node n0');
    expect(off(1)).toContain('drain-node n0');
    expect(off(0, 'ready')).toContain('drain-node n0');
    // Who can be seen, or has no machine, is no newcomer that has gone dark.
    const idle = withNodeObject(leaving, 'n1', { ready: 'unknown', podsToMove: 0 });
    expect(leaves(idle)).toContain('drain-node n0');
    const gone = withNodes(idle, { machines: idle.nodes.machines.filter(({ name }) => name !== 'n1') });
    expect(leaves(gone)).toContain('drain-node n0');
    expect(ill('unready', {})).toContain('drain-node n0');
  });

  test('says for whom it waits, which may be over in a moment', () => {
    const half = withNodeObject(withNodeInside(leaving, 'n1', { podCidr: null }), 'n1', { ready: 'unready' });
    expect(keepNodes(view(withoutFirst, half, { revive: false })).blocked).toEqual([
      expect.objectContaining({ message: 'n0 stays until n1 has joined and is ready', passing: true }),
    ]);
    const others = [...withoutFirst.nodes, { name: 'n2', zone: 'local-b' }];
    expect(keepNodes(view({ ...withoutFirst, nodes: others }, half, { revive: false })).blocked).toEqual([
      expect.objectContaining({ message: 'n0 stays until n1, n2 have joined and are ready' }),
    ]);
    expect(keepNodes(view(withoutFirst, leaving, { revive: false })).blocked).toEqual([]);
  });

  test('waits for nobody whose pods somebody else connects: haup gives those no range, however long they wait', () => {
    const own = withNodeObject(withNodeInside(leaving, 'n1', { podCidr: null }), 'n1', { ready: 'unready' });
    expect(leaves(own, { ...withoutFirst, cni: 'none' })).toEqual(['drain-node n0']);
  });

  test('is nobody, and nothing is in the way, while all are wanted and the API does not answer', () => {
    expect(keepNodes(view(spec, withNodes(healthy, { objects: null }), revive))).toEqual({
      steps: [],
      blocked: [],
    });
  });
});
