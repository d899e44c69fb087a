import { describe, expect, test } from 'vitest';
import type { NodesObservation } from '../../../../../src/cluster/model/nodes.ts';
import type { Observation } from '../../../../../src/cluster/model/observation.ts';
import { nodeStatuses, nodeWarnings } from '../../../../../src/cluster/plan/nodes/node-status.ts';
import {
  emptyNode,
  withNodeInside,
  withNodeMachine,
  withNodeObject,
  withNodes,
} from '../../../../../src/cluster/plan/steps/node-effects.ts';
import { converged, specOf } from '../../../../support/clusters.ts';

const nodes = [{ name: 'n0', zone: 'local-a' }];
const spec = specOf(['m0@local-a'], { nodes, usedNames: ['m0', 'n0', 'gone'] });
const joined = converged(spec);
const ready = withNodeObject(joined, 'n0', { ready: 'ready', version: 'v1.37.1' });
const ill = withNodeObject(joined, 'n0', { ready: 'unready', problem: 'the network is not set up' });
const foreign = { ...ready.nodes.objects![0]!, name: 'by-kubeadm', zone: 'local-c', internalIp: '10.0.0.9' };

function status(o: Observation, name = 'n0') {
  return nodeStatuses(spec, o).find((node) => node.name === name);
}

function problem(o: Observation, name = 'n0'): string | null | undefined {
  return status(o, name)?.problem;
}

function change(what: Partial<NodesObservation>): Observation {
  return withNodes(ill, what);
}

describe('the status of nodes', () => {
  test('blames a clock that is wrong for what is wrong', () => {
    const late = withNodeInside(ill, 'n0', { clockAheadSeconds: -600 });
    expect(problem(late)).toBe("the network is not set up; its clock is 10 min behind the operator's");
    expect(problem(withNodeInside(ill, 'n0', { clockAheadSeconds: -179 }))).toBe('the network is not set up');
    const unknown = withNodeObject(late, 'n0', { ready: 'unknown', problem: null });
    expect(problem(unknown)).toBe("its clock is 10 min behind the operator's");
    expect(problem(withNodeInside(ready, 'n0', { clockAheadSeconds: -600 }))).toBeNull();
  });

  test('has what the cloud and the API say of each', () => {
    const o = withNodeMachine(
      withNodeObject(ready, 'n0', { podCidr: '10.244.1.0/24', internalIp: '10.0.0.1', cordoned: true }),
      'n0',
      { internalIp: '10.0.0.2', externalIp: '198.18.0.2' },
    );
    expect(nodeStatuses(spec, o)).toEqual([
      {
        name: 'n0',
        zone: 'local-a',
        internalIp: '10.0.0.2',
        externalIp: '198.18.0.2',
        machine: 'running',
        ready: 'ready',
        version: 'v1.37.1',
        podCidr: '10.244.1.0/24',
        cordoned: true,
        problem: null,
      },
    ]);
  });

  test('has the nodes of others too, of which it knows no machine', () => {
    const o = change({ objects: [...ready.nodes.objects!, foreign] });
    expect(status(o, 'by-kubeadm')).toMatchObject({
      machine: null,
      zone: 'local-c',
      internalIp: '10.0.0.9',
      externalIp: null,
      ready: 'ready',
    });
  });

  test('misses the machine of a node that is wanted, or that was haup’s once, and of no other', () => {
    const objects = [{ ...foreign, name: 'gone' }, foreign];
    const o = change({ machines: [], objects });
    expect(['n0', 'gone', 'by-kubeadm'].map((name) => status(o, name)?.machine)).toEqual([
      'missing',
      'missing',
      null,
    ]);
    // A name that a store of before did not note as used is wanted nevertheless.
    const unnoted = { ...spec, usedNames: ['m0'] };
    expect(nodeStatuses(unnoted, o).find(({ name }) => name === 'n0')?.machine).toBe('missing');
  });

  test('misses no machine behind a Node object that is called like a master', () => {
    const objects = [
      { ...foreign, name: 'm0' },
      { ...foreign, name: 'demo-master-k2x' },
    ];
    const o = change({ objects });
    const used = { ...spec, usedNames: [...spec.usedNames, 'demo-master-k2x'] };
    const machines = nodeStatuses(used, o).map(({ name, machine }) => [name, machine]);
    expect(machines).toEqual([
      ['n0', 'running'],
      ['m0', null],
      ['demo-master-k2x', null],
    ]);
  });

  test('has what is known of one that has not joined', () => {
    const before = change({ machines: [], objects: [] });
    expect(status(before)).toEqual({
      name: 'n0',
      zone: 'local-a',
      internalIp: null,
      externalIp: null,
      machine: 'missing',
      ready: 'missing',
      version: null,
      podCidr: null,
      cordoned: false,
      problem: null,
    });
  });

  test('does not call a node missing while the API does not answer', () => {
    expect(status(change({ objects: null }))?.ready).toBe('unknown');
    expect(status(change({ objects: [] }))?.ready).toBe('missing');
  });
});

describe('the problem of a node', () => {
  const off = { state: 'stopped', inside: null } as const;

  test('is none while it is ready, whatever else could be said of it', () => {
    expect(problem(ready)).toBeNull();
    expect(problem(withNodeInside(ready, 'n0', { kubelet: 'stopped' }))).toBeNull();
  });

  test.each([
    ['its kube-proxy does not run', { kubeProxy: 'stopped' }],
    ['its container runtime does not run', { containerd: 'stopped' }],
    [null, { kubeProxy: 'disabled', containerd: 'disabled' }],
    [null, { kubeProxy: 'stopped', joining: true }],
    [null, { kubeProxy: 'stopped', provisioned: false }],
  ] as const)('is told also of one that is ready: %s', (words, inside) => {
    expect(problem(withNodeInside(ready, 'n0', inside))).toBe(words);
  });

  test('has all the parts that do not run, and what the API says besides', () => {
    const off = { kubeProxy: 'stopped', containerd: 'stopped' } as const;
    expect(problem(withNodeInside(ill, 'n0', off))).toBe(
      'the network is not set up; its container runtime does not run; its kube-proxy does not run',
    );
    expect(problem(withNodeInside(ill, 'n0', { containerd: 'stopped', kubelet: 'stopped' }))).toBe(
      'its kubelet does not run; its container runtime does not run',
    );
  });

  test('is what the API says where nothing nearer is known', () => {
    expect(problem(ill)).toBe('the network is not set up');
    expect(problem(withNodeMachine(ill, 'n0', { inside: null }))).toBe('the network is not set up');
  });

  test.each([
    ['its machine is gone', change({ machines: [] })],
    ['its machine is stopped', withNodeMachine(ill, 'n0', off)],
    ['its disk has been emptied', withNodeMachine(ill, 'n0', { inside: emptyNode })],
    ['its kubelet does not run', withNodeInside(ill, 'n0', { kubelet: 'stopped' })],
    [
      'its machine runs but is cut off: no packet comes back',
      withNodeMachine(ill, 'n0', { inside: null, lookFailure: 'nothing' }),
    ],
  ])('is: %s', (words, o) => {
    expect(problem(o)).toBe(words);
  });

  test('of a machine is told also before it has joined', () => {
    expect(problem(withNodeMachine(change({ objects: [] }), 'n0', off))).toBe('its machine is stopped');
  });

  test('is none while it has yet to join: its machine is being made and filled', () => {
    expect(problem(change({ machines: [], objects: [] }))).toBeNull();
    expect(problem(withNodeMachine(change({ objects: [] }), 'n0', { inside: emptyNode }))).toBeNull();
  });

  test('of somebody else’s node is what the API says: no machine of haup’s is gone', () => {
    const sick = { ...foreign, ready: 'unready' as const, problem: 'no kubelet' };
    expect(problem(change({ objects: [sick] }), 'by-kubeadm')).toBe('no kubelet');
  });
});

describe('the warnings of nodes', () => {
  function warnings(o: Observation, wanted = spec): string[] {
    return nodeWarnings(wanted, o, nodeStatuses(wanted, o));
  }

  test('are the problems, each with its node, and none where there are none', () => {
    expect(warnings(ready)).toEqual([]);
    expect(warnings(ill)).toEqual(['n0: the network is not set up']);
  });

  test('are one while the API does not answer, and blame no node', () => {
    expect(warnings(withNodeMachine(change({ objects: null }), 'n0', { state: 'stopped' }))).toEqual([
      'the API does not answer, so nobody can say how the nodes are',
    ]);
  });

  test('are none of an API that does not exist yet, or that has no nodes', () => {
    const silent = change({ objects: null });
    expect(warnings({ ...silent, remembered: { ...silent.remembered, bootstrapped: false } })).toEqual([]);
    expect(warnings(silent, { ...spec, nodes: [] })).toEqual([]);
  });
});
