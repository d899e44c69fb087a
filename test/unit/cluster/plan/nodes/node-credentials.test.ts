import { describe, expect, test } from 'vitest';
import type { Observation } from '../../../../../src/cluster/model/observation.ts';
import { type ClusterSpec, revisable } from '../../../../../src/cluster/model/spec.ts';
import { tellNodes, wantedCredentials } from '../../../../../src/cluster/plan/nodes/node-credentials.ts';
import { withRevision } from '../../../../../src/cluster/plan/spec-changes.ts';
import { emptyNode } from '../../../../../src/cluster/plan/steps/node-effects.ts';
import { view } from '../../../../../src/cluster/plan/view.ts';
import { converged, specOf } from '../../../../support/clusters.ts';

const nodes = ['n0', 'n1'].map((name) => ({ name, zone: 'local-a' }));
const first = specOf(['m0'], { nodes, usedNames: ['m0', 'n0', 'n1'] });
const second = withRevision(
  first,
  { ...revisable(first), generations: { ca: [1, 2], 'kubelet-signing': [2, 1] } },
  'c1',
);

const known = (spec: ClusterSpec) => ({ ...emptyNode, provisioned: true, ...wantedCredentials(spec) });

/** What of each node is known. */
function seen(...insides: (object | null)[]): Observation {
  const o = converged({ ...first, nodes: [] });
  const machines = insides.map((inside, i) => ({
    ...{ name: `n${i}`, zone: 'local-a', state: 'running' as const, internalIp: '', externalIp: null },
    inside: inside as ReturnType<typeof known> | null,
  }));
  return { ...o, nodes: { ...o.nodes, machines } };
}

const told = (spec: ClusterSpec, o: Observation) => tellNodes(view(spec, o, { revive: false }));

test('what a node should have is by the generations that are at work', () => {
  expect(wantedCredentials(first)).toEqual({
    trust: ['kubernetes-ca'],
    servingIssuer: 'kubelet-serving-ca',
    clientIssuer: 'kubelet-client-ca',
  });
  expect(wantedCredentials(second)).toEqual({
    trust: ['kubernetes-ca', 'kubernetes-ca-2'],
    servingIssuer: 'kubelet-serving-ca-2',
    clientIssuer: 'kubelet-client-ca-2',
  });
});

describe('while authorities take each other’s place', () => {
  const becomes = wantedCredentials(second);
  const has = known(second);

  test.each([
    { trust: ['kubernetes-ca'] },
    { servingIssuer: 'kubelet-serving-ca' },
    { clientIssuer: 'kubelet-client-ca' },
  ])('a node with %j is told, and the other, which has all, is left alone', (old) => {
    expect(told(second, seen({ ...has, ...old }, has))).toEqual({
      steps: [{ kind: 'renew-node', node: 'n0', becomes }],
      blocked: [],
    });
  });

  test.each([
    ['nobody can look into', null],
    ['is not provisioned', { ...known(first), provisioned: false }],
    ['has yet to join, which brings its images too', { ...emptyNode, provisioned: true }],
  ])('a node that %s is waited for by its name, and the other is told', (_, inside) => {
    const { steps, blocked } = told(second, seen(known(first), inside));
    expect(steps.map((step) => 'node' in step && step.node)).toEqual(['n0']);
    expect(blocked).toEqual([
      expect.objectContaining({
        message: 'the change of demo waits until n1 can be told of it',
        passing: true,
      }),
    ]);
  });
});

test('without a rotation no node is told anything, whatever it has', () => {
  expect(told(first, seen(known(second), null))).toEqual({ steps: [], blocked: [] });
  const other = withRevision(first, { ...revisable(first), kubernetesVersion: 'v1.37.9' }, 'c1');
  expect(told(other, seen(known(second), null))).toEqual({ steps: [], blocked: [] });
});
