import { describe, expect, test } from 'vitest';
import { type ClusterDocument, documentOf } from '../../../../src/cluster/model/document.ts';
import { comings, wished } from '../../../../src/cluster/plan/document.ts';
import { converged, planFor, specOf } from '../../../support/clusters.ts';

const nameOf = (_: string, used: readonly string[]): string => `x${used.length}`;
const three = specOf(['m0@a', 'm1@b', 'm2@c'], {
  ...{ nodes: [{ name: 'n0', zone: 'a' }], usedNames: ['m0', 'm1', 'm2', 'n0'] },
});

function wish(document: ClusterDocument, spec = three) {
  return wished(spec, converged(spec), document, { replica: nameOf, node: nameOf });
}

describe('a document', () => {
  test('that says what is there changes nothing', () => {
    const { spec, revisable, faults } = wish(documentOf(three));
    expect([faults, comings(three, spec)]).toEqual([[], { come: [], leave: [] }]);
    expect(spec.replicas).toEqual(three.replicas);
    expect(revisable).toEqual(wish({}).revisable);
  });

  test('says how many replicas and nodes where: some come, others leave', () => {
    const { spec, faults } = wish({ replicas: { a: 1, b: 2 }, nodes: { zones: { b: 2 } } });
    expect(faults).toEqual([]);
    expect(comings(three, spec)).toEqual({ come: ['x4', 'x5', 'x6'], leave: ['m2', 'n0'] });
    expect(spec.replicas.map(({ zone }) => zone)).toEqual(['a', 'b', 'b']);
    expect(spec.nodes.map(({ zone }) => zone)).toEqual(['b', 'b']);
  });

  test('that moves a node needs a range for the pods of both until the newcomer is ready', () => {
    const narrow = { ...three, clusterCidr: '10.244.0.0/24' };
    expect(wish({ nodes: { zones: { b: 1 } } }, narrow).faults).toMatchObject([
      { path: ['nodes', 'zones'], message: expect.stringContaining('would have 2, 1 of which leaves') },
    ]);
    expect(wish({ nodes: { zones: { b: 1 } } }, { ...three, clusterCidr: '10.244.0.0/23' }).faults).toEqual(
      [],
    );
  });

  test('that moves the only replica keeps one all the time', () => {
    const one = specOf(['m0@a']);
    const { spec } = wish({ replicas: { b: 1 } }, one);
    expect(spec.replicas).toEqual([{ name: 'x1', zone: 'b' }]);
    expect(planFor(spec, converged(one)).blocked).toEqual([]);
  });

  test('has all its faults told', () => {
    const { faults } = wish({
      ...{ cluster: 'other', apiPort: 6443, replicas: { a: 0 }, kubernetesVersion: 'v1.20.0' },
      nodes: { zones: { a: 100, b: 100 } },
      featureGates: { apiServer: { A: true } },
      extraArguments: { apiServer: { 'feature-gates': 'B=true' } },
    });
    expect(faults.map(({ path }) => path.join('.'))).toEqual([
      'cluster',
      'apiPort',
      'replicas',
      'nodes.zones',
      'kubernetesVersion',
    ]);
    const both = wish({
      featureGates: { apiServer: { A: true } },
      extraArguments: { apiServer: { 'feature-gates': 'B=true' } },
    });
    expect(both.faults.map(({ path }) => path.join('.'))).toEqual(['extraArguments.apiServer.feature-gates']);
  });

  test('may give gates and arguments of a component, but not its gates twice', () => {
    const faults = (document: ClusterDocument) =>
      wish(document).faults.map(({ path, message }) => `${path.join('.')}: ${message}`);
    const gates = { scheduler: { A: true } };
    const argument = { scheduler: { 'feature-gates': 'B=true' } };
    expect(faults({ featureGates: gates, extraArguments: { scheduler: { v: '2' } } })).toEqual([]);
    expect(faults({ extraArguments: argument })).toEqual([]);
    expect(faults({ featureGates: { scheduler: {} }, extraArguments: argument })).toEqual([]);
    expect(faults({ featureGates: gates, extraArguments: argument })).toEqual([
      'extraArguments.scheduler.feature-gates: featureGates says something, too: keep one of them',
    ]);
  });

  test('may say of a zone that nothing is there', () => {
    const { spec, faults } = wish({ replicas: { a: 1, b: 1, c: 1, d: 0 }, nodes: { zones: { a: 1, d: 0 } } });
    expect([faults, comings(three, spec)]).toEqual([[], { come: [], leave: [] }]);
  });

  test('of a federation may say that it has no nodes', () => {
    const federation = specOf(['m0@a'], { federation: true });
    expect(wish({ nodes: { zones: { a: 0 } } }, federation).faults).toEqual([]);
    expect(wish({ nodes: { zones: { a: 1 } } }, federation).faults).toMatchObject([
      { path: ['nodes', 'zones'], message: expect.stringContaining('is a federation') },
    ]);
  });

  test('has no fault where haup has one: that is thrown', () => {
    const defect = () => {
      throw new TypeError('a defect');
    };
    const names = { replica: defect, node: nameOf };
    expect(() => wished(three, converged(three), { replicas: { a: 2, b: 1, c: 1 } }, names)).toThrow(
      TypeError,
    );
  });

  test('keeps what it does not mention, of arguments and of all else', () => {
    const spec = specOf(['m0'], { extraArguments: { apiServer: { v: '2' } }, proxy: { http: 'http://p' } });
    const { revisable } = wish({ requestTimeoutSeconds: 61 }, spec);
    expect(revisable).toMatchObject({ requestTimeoutSeconds: 61, extraArguments: { apiServer: { v: '2' } } });
    expect(revisable.proxy).toEqual({ http: 'http://p' });
    expect(wish({ proxy: undefined }, spec).revisable.proxy).toEqual({ http: 'http://p' });
    expect(wish({ extraArguments: {} }, spec).revisable.extraArguments).toEqual({});
  });
});
