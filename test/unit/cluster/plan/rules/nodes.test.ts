import { describe, expect, test } from 'vitest';
import type { Observation } from '../../../../../src/cluster/model/observation.ts';
import type { ClusterSpec } from '../../../../../src/cluster/model/spec.ts';
import { next } from '../../../../../src/cluster/plan/next.ts';
import { withReplacedNodes } from '../../../../../src/cluster/plan/nodes/node-changes.ts';
import {
  withNodeInside,
  withNodeObject,
  withNodes,
} from '../../../../../src/cluster/plan/steps/node-effects.ts';
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
  test('come beside the masters: machine, programs, kubelet, route, pods, Services', () => {
    const plan = lines(
      planFor({ ...spec, nodes: nodes.slice(0, 1) }, withNodes(converged({ ...spec, nodes: [] }), routed)),
    );
    expect(plan.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
      'create-node n0',
      'provision-node n0',
      'join-node n0',
      'route-pods n0',
      'set-service-nodes n0',
      'connect-pods n0',
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
    const dead = withNodeObject(withNodes(healthy, { serviceNodes: ['n1'] }), 'n0', { ready: 'unknown' });
    expect(steps(withoutFirst, dead)).toEqual(['delete-node n0']);
  });

  test('stay until their successors are ready', () => {
    const wanted = withReplacedNodes(spec, ['n0'], () => 'n2');
    const plan = lines(planFor(wanted, healthy)).map((line) => line.split(' ').slice(0, 2).join(' '));
    expect(plan.indexOf('connect-pods n2')).toBeGreaterThan(-1);
    expect(plan.indexOf('drain-node n0')).toBeGreaterThan(plan.indexOf('connect-pods n2'));
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

  test('whose kubelet has stopped are unhealthy, not unfinished; repair starts it', () => {
    const machines = healthy.nodes.machines.map((m) => ({
      ...m,
      inside: { ...m.inside!, kubelet: 'stopped' as const },
    }));
    const ill = withNodes(healthy, { machines });
    expect(steps(spec, ill)).toEqual([]);
    expect(next(spec, ill, { revive: true }).steps.map(({ kind }) => kind)).toEqual([
      'join-node',
      'join-node',
    ]);
  });

  test('that join are routed meanwhile, and get neither pods nor traffic for Services before they have what they need', () => {
    const half = withNodeInside(healthy, 'n0', { joining: true, podCidr: null });
    const seen = withNodes(half, { routes: half.nodes.routes!.slice(1), serviceNodes: ['n1'] });
    expect(steps(spec, seen)).toEqual(['join-node n0', 'route-pods n0']);
    expect(steps(spec, withNodes(seen, { routes: half.nodes.routes }))).toEqual(['join-node n0']);
  });

  test('bring their own network where haup is told so', () => {
    const plan = lines(
      planFor({ ...spec, cni: 'none' }, withNodes(converged({ ...spec, nodes: [] }), routed)),
    );
    expect(plan.filter((line) => /route-pods|connect-pods/.test(line))).toEqual([]);
  });
});
