import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { clusterDocument, differencesBetween, documentOf } from '../../../../src/cluster/model/document.ts';
import { clusterSpecSchema, revisable, revised } from '../../../../src/cluster/model/spec.ts';
import { specOf } from '../../../support/clusters.ts';

describe('the document', () => {
  test('of a cluster says how many where, and what is on the masters', () => {
    const nodes = [{ name: 'n0', zone: 'local-b' }];
    const spec = specOf(['m0@local-a', 'm1@local-b', 'm2@local-b'], {
      ...{ nodes, settings: { machineType: 'big', project: 'p' }, extraArguments: { apiServer: { v: '2' } } },
      wayBack: { kubernetesVersion: 'v1.36.4', etcdVersion: 'v3.6.16' },
    });
    expect(documentOf(spec)).toMatchObject({
      cluster: 'demo',
      replicas: { 'local-a': 1, 'local-b': 2 },
      nodes: { zones: { 'local-b': 1 }, labels: {}, taints: [] },
      machines: { machineType: 'big' },
      extraArguments: { apiServer: { v: '2' } },
      backup: null,
    });
    expect(JSON.stringify(documentOf(spec))).not.toMatch(/wayBack|project/);
    expect(clusterDocument.parse(documentOf(spec))).toEqual(documentOf(spec));
  });

  test('has a schema that is published', () => {
    const published = JSON.parse(
      readFileSync(new URL('../../../../docs/cluster.schema.json', import.meta.url), 'utf8'),
    );
    expect(z.toJSONSchema(clusterDocument)).toEqual(published);
  });
});

test('what differs is said a line each', () => {
  expect(differencesBetween({ a: 1, b: { c: 'x' }, d: 1 }, { a: 2, b: { c: 'x', e: 'y' }, d: 1 })).toEqual([
    'a: 1 → 2',
    'b.e: not set → y',
  ]);
});

test('what is on replicas is taken out of a spec, and put in, whole', () => {
  const spec = specOf(['m0'], {
    proxy: { https: 'http://proxy:3128' },
    featureGates: { scheduler: { A: true } },
  });
  const { proxy: _, ...without } = revisable(spec);
  expect(revised(spec, revisable(spec))).toEqual(spec);
  expect(revised(spec, without)).not.toHaveProperty('proxy');
  expect(clusterSpecSchema.parse(revised(spec, without)).featureGates).toEqual({ scheduler: { A: true } });
});
