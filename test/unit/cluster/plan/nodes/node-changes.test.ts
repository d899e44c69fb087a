import { describe, expect, test } from 'vitest';
import type { InputError } from '../../../../../src/cluster/model/errors.ts';
import { nothing, type Observation } from '../../../../../src/cluster/model/observation.ts';
import type { ClusterSpec } from '../../../../../src/cluster/model/spec.ts';
import {
  withNodes,
  withoutNodes,
  withReplacedNodes,
} from '../../../../../src/cluster/plan/nodes/node-changes.ts';
import { withNodeObject } from '../../../../../src/cluster/plan/steps/node-effects.ts';
import { converged, specOf } from '../../../../support/clusters.ts';

const spec = having('n0@local-a', 'n1@local-b', 'n2@local-b', 'n3@local-c');
const healthy = ready(spec, 'n0', 'n1', 'n2', 'n3');
const nameOf = (_: string, used: readonly string[]): string => `n${used.length - 1}`;

/** One replica, and nodes as "name@zone". */
function having(...texts: readonly string[]): ClusterSpec {
  const nodes = texts.map((text) => {
    const [name = '', zone = ''] = text.split('@');
    return { name, zone };
  });
  return specOf(['m0@local-a'], { nodes, usedNames: ['m0', ...nodes.map(({ name }) => name)] });
}

/** All have joined; these are ready. */
function ready(wanted: ClusterSpec, ...names: readonly string[]): Observation {
  const o = wanted.nodes.reduce(
    (before, { name }) => withNodeObject(before, name, { ready: 'unready' }),
    converged(wanted),
  );
  return names.reduce((before, name) => withNodeObject(before, name, { ready: 'ready' }), o);
}

function names({ nodes }: ClusterSpec): string[] {
  return nodes.map(({ name }) => name);
}

function many(count: number): string[] {
  return Array<string>(count).fill('local-a');
}

describe('adding nodes', () => {
  test('gives each a name that was never used', () => {
    const grown = withNodes(
      { ...spec, usedNames: [...spec.usedNames, 'n4'] },
      ['local-a', 'local-c'],
      nameOf,
    );
    expect(grown.nodes.slice(4)).toEqual([
      { name: 'n5', zone: 'local-a' },
      { name: 'n6', zone: 'local-c' },
    ]);
    expect(grown.usedNames.slice(-2)).toEqual(['n5', 'n6']);
  });

  test('is refused in a federation, which runs no pods; none is none', () => {
    const federation = { ...having(), federation: true as const };
    expect(() => withNodes(federation, ['local-a'], nameOf)).toThrow('demo is a federation');
    expect(withNodes(federation, [], nameOf).nodes).toEqual([]);
  });

  test('stops at a hundred', () => {
    expect(withNodes(spec, many(96), nameOf).nodes).toHaveLength(100);
    expect(() => withNodes(spec, many(97), nameOf)).toThrow('at most 100 nodes; demo would have 101');
  });

  test('stops where the range of the pods is used up, a /24 for each', () => {
    const narrow = (clusterCidr: string) => ({ ...having(), clusterCidr });
    expect(withNodes(narrow('10.244.0.0/22'), many(4), nameOf).nodes).toHaveLength(4);
    expect(() => withNodes(narrow('10.244.0.0/22'), many(5), nameOf)).toThrow('pods of 4 nodes');
    expect(withNodes(narrow('10.244.0.0/24'), many(1), nameOf).nodes).toHaveLength(1);
    expect(() => withNodes(narrow('10.244.0.0/25'), many(1), nameOf)).toThrow('pods of 0 nodes');
  });

  test('refuses a second zone in a cluster that was made for one, and says how such clusters are made', () => {
    const single = { ...having(), multizone: false };
    expect(() => withNodes(single, ['local-a', 'local-b'], nameOf)).toThrow(
      'made for one zone (local-a); local-b would be another',
    );
    expect(withNodes(single, ['local-a'], nameOf).nodes).toHaveLength(1);
    expect(withNodes({ ...single, multizone: true }, ['local-b'], nameOf).nodes).toHaveLength(1);
  });

  test('takes for the one zone where the masters are, and where the first one was made', () => {
    const moved = specOf(['m1@local-b'], { multizone: false, zone: 'local-a' });
    expect(withNodes(moved, ['local-a', 'local-b'], nameOf).nodes).toHaveLength(2);
    expect(() => withNodes(moved, ['local-b', 'local-c'], nameOf)).toThrow('local-c would be another');
  });
});

describe('removing nodes', () => {
  function without(o: Observation, count: number, zone?: string, wanted = spec): string[] {
    return names(withoutNodes(wanted, o, { zone, count }));
  }

  test('takes those that are named, and knows when there is no such node', () => {
    expect(names(withoutNodes(spec, healthy, { names: ['n0', 'n2'] }))).toEqual(['n1', 'n3']);
    expect(() => withoutNodes(spec, healthy, { names: ['n0', 'n9'] })).toThrow('no node of demo named "n9"');
  });

  test('takes what is not ready first, also from an emptier zone; who has not joined is not ready', () => {
    expect(without(ready(spec, 'n1', 'n2', 'n3'), 1)).toEqual(['n1', 'n2', 'n3']);
    const objects = healthy.nodes.objects!.filter(({ name }) => name !== 'n0');
    expect(without({ ...healthy, nodes: { ...healthy.nodes, objects } }, 1)).toEqual(['n1', 'n2', 'n3']);
  });

  test('takes from the fullest zone, then the youngest', () => {
    expect(without(healthy, 1)).toEqual(['n0', 'n1', 'n3']);
    expect(without(healthy, 2)).toEqual(['n0', 'n1']);
    expect(without(healthy, 3)).toEqual(['n0']);
  });

  test('keeps the spread while it takes several: what it took fills its zone no more', () => {
    const full = having('n0@local-a', 'n1@local-a', 'n2@local-b', 'n3@local-b', 'n4@local-b');
    expect(without(ready(full, ...names(full)), 3, undefined, full)).toEqual(['n0', 'n2']);
  });

  test('takes from the zone that was said alone', () => {
    expect(without(healthy, 1, 'local-a')).toEqual(['n1', 'n2', 'n3']);
    expect(without(healthy, 2, 'local-b')).toEqual(['n0', 'n3']);
  });

  test('takes all, if so many are asked for, and none', () => {
    expect(without(healthy, 4)).toEqual([]);
    expect(without(healthy, 0)).toEqual(names(spec));
  });

  test('refuses to take more than there are, and says how many there are', () => {
    expect(() => without(healthy, 5)).toThrow(/^there are 4 nodes to remove, not 5$/);
    expect(() => without(healthy, 2, 'local-a')).toThrow(/^there is 1 node to remove in local-a, not 2$/);
    expect(() => without(nothing, 1, undefined, having())).toThrow(/^there are 0 nodes to remove, not 1$/);
  });
});

describe('replacing nodes', () => {
  test('gives each a successor in its zone, and nobody else', () => {
    expect(withReplacedNodes(spec, healthy, ['n3', 'n0'], nameOf).nodes).toEqual([
      { name: 'n1', zone: 'local-b' },
      { name: 'n2', zone: 'local-b' },
      { name: 'n4', zone: 'local-c' },
      { name: 'n5', zone: 'local-a' },
    ]);
  });

  test('has room for the successor of one of a hundred', () => {
    const full = withNodes(spec, many(96), nameOf);
    expect(withReplacedNodes(full, healthy, ['n0'], nameOf).nodes).toHaveLength(100);
  });

  test('needs a range for the pods of both: predecessors give theirs back when successors are ready', () => {
    const narrow = (clusterCidr: string) => ({ ...spec, clusterCidr });
    expect(withReplacedNodes(narrow('10.244.0.0/21'), healthy, ['n0', 'n1'], nameOf).nodes).toHaveLength(4);
    expect(() => withReplacedNodes(narrow('10.244.0.0/22'), healthy, ['n0'], nameOf)).toThrow(
      'room for the pods of 4 nodes (a /24 each); demo would have 5, 1 of which leaves when all others are ready',
    );
    expect(() => withReplacedNodes(narrow('10.244.0.0/22'), healthy, ['n0', 'n1'], nameOf)).toThrow(
      'demo would have 6, 2 of which leave when all others are ready',
    );
  });

  test('says to remove one first where one leaves, and nothing of leaving where none does', () => {
    const full = { ...spec, clusterCidr: '10.244.0.0/22' };
    const refused = (work: () => unknown) => {
      try {
        return work();
      } catch (error) {
        const { message, remedies } = error as InputError;
        return [message.split('; ')[1], remedies];
      }
    };
    expect(refused(() => withNodes(full, ['local-a'], nameOf))).toEqual(['demo would have 5', []]);
    expect(refused(() => withReplacedNodes(full, healthy, ['n0'], nameOf))).toEqual([
      expect.stringContaining('1 of which leaves'),
      [expect.stringContaining('remove a node first')],
    ]);
  });

  test('knows when there is no such node', () => {
    expect(() => withReplacedNodes(spec, healthy, ['n9'], nameOf)).toThrow(
      'no node of demo named "n9"; there is n0',
    );
  });
});

describe('nodes that are on their way out', () => {
  const gone = withoutNodes(spec, healthy, { names: ['n0'] });

  test('may be let go again, and are wished nothing else by it', () => {
    expect(withoutNodes(gone, healthy, { names: ['n0'] })).toBe(gone);
    expect(withReplacedNodes(gone, healthy, ['n0'], nameOf)).toBe(gone);
    expect(names(withoutNodes(gone, healthy, { names: ['n0', 'n1'] }))).toEqual(['n2', 'n3']);
    expect(names(withReplacedNodes(gone, healthy, ['n0', 'n1'], nameOf))).toEqual(['n2', 'n3', 'n4']);
  });

  test('are there as long as their machine is, or what the API has of them', () => {
    const { machines, objects } = healthy.nodes;
    const left = (what: Partial<Observation['nodes']>) => ({
      ...healthy,
      nodes: { ...healthy.nodes, ...what },
    });
    expect(withoutNodes(gone, left({ machines: machines.slice(1) }), { names: ['n0'] })).toBe(gone);
    expect(withoutNodes(gone, left({ objects: null }), { names: ['n0'] })).toBe(gone);
    const nothingLeft = left({ machines: machines.slice(1), objects: objects!.slice(1) });
    expect(() => withoutNodes(gone, nothingLeft, { names: ['n0'] })).toThrow('no node of demo named "n0"');
  });

  test('of others than haup cannot be let go', () => {
    const foreign = { ...healthy.nodes.objects![0]!, name: 'by-kubeadm' };
    const o = { ...healthy, nodes: { ...healthy.nodes, objects: [...healthy.nodes.objects!, foreign] } };
    expect(() => withoutNodes(spec, o, { names: ['by-kubeadm'] })).toThrow('no node of demo');
  });
});
