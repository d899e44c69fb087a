import { describe, expect, test } from 'vitest';
import { kinds } from '../../../../src/federation/model/kinds.ts';
import type { ApiObject } from '../../../../src/federation/model/object.ts';
import { formDigest, formOf, isOurs } from '../../../../src/federation/plan/form.ts';

const identity = { federation: 'world', uid: 'u1' };
const metadata = {
  name: 'nginx',
  namespace: 'web',
  uid: 'x',
  resourceVersion: '7',
  generation: 3,
  managedFields: [],
  labels: { app: 'nginx' },
  annotations: {
    mine: 'yes',
    'kubectl.kubernetes.io/last-applied-configuration': '{}',
    'federation.haup.dev/placement': '{}',
  },
};

describe('the form of an object in a member', () => {
  test('has its labels and annotations, marks, and nothing of the API server’s', () => {
    const form = formOf(
      kinds.ConfigMap,
      { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { a: 'b' } },
      {},
      identity,
    );
    expect(form).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: 'nginx',
        namespace: 'web',
        labels: { app: 'nginx', 'federation.haup.dev/name': 'world' },
        annotations: {
          mine: 'yes',
          'federation.haup.dev/uid': 'u1',
          'federation.haup.dev/object': 'web/nginx',
          'federation.haup.dev/form': expect.any(String),
        },
      },
      data: { a: 'b' },
    });
    expect(isOurs(form, identity)).toBe(true);
    expect(isOurs(form, { ...identity, uid: 'u2' })).toBe(false);
  });

  test('is known by its marks for what it is, and a copy of it under another name or in another namespace is not', () => {
    const form = formOf(kinds.ConfigMap, { apiVersion: 'v1', kind: 'ConfigMap', metadata }, {}, identity);
    const as = (more: object) => ({ ...form, metadata: { ...form.metadata, ...more } });
    expect(isOurs(as({ name: 'copy' }), identity)).toBe(false);
    expect(isOurs(as({ namespace: 'other' }), identity)).toBe(false);
    const { 'federation.haup.dev/object': _, ...annotations } = form.metadata.annotations!;
    expect(isOurs(as({ annotations }), identity)).toBe(true);
  });

  test('leaves a Service’s addresses and node ports to each cluster, but not that it has none', () => {
    const service = (spec: object) => ({ apiVersion: 'v1', kind: 'Service', metadata, spec }) as ApiObject;
    const given = {
      clusterIP: '10.0.0.1',
      clusterIPs: ['10.0.0.1'],
      type: 'NodePort',
      ports: [{ port: 80, nodePort: 30000 }],
    };
    expect(formOf(kinds.Service, service(given), {}, identity).spec).toEqual({
      type: 'NodePort',
      ports: [{ port: 80 }],
    });
    expect(formOf(kinds.Service, service({ clusterIP: 'None' }), {}, identity).spec).toEqual({
      clusterIP: 'None',
    });
  });

  test('is without what an API server put into a Job to find its pods', () => {
    const template = {
      metadata: { labels: { app: 'x', 'controller-uid': 'u', 'batch.kubernetes.io/controller-uid': 'u' } },
    };
    const job = {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata,
      spec: { selector: {}, completions: 9, template },
    };
    expect(formOf(kinds.Job, job, { completions: 3, parallelism: 1 }, identity).spec).toEqual({
      completions: 3,
      parallelism: 1,
      template: { metadata: { labels: { app: 'x' } } },
    });
  });

  test('is without the time after which a finished Job goes: it would be made again, and run again', () => {
    const of = (spec: object) =>
      formOf(kinds.Job, { apiVersion: 'batch/v1', kind: 'Job', metadata, spec: { ...spec } }, {}, identity);
    const job = { ttlSecondsAfterFinished: 60, backoffLimit: 3 };
    expect(of(job).spec).toEqual({ backoffLimit: 3, template: { metadata: { labels: {} } } });
    expect(of({ ...job, manualSelector: true }).spec).toEqual({ backoffLimit: 3, manualSelector: true });
  });

  test('has a digest that follows from what it says, in whatever order', () => {
    const of = (data: object) =>
      formDigest(
        formOf(kinds.ConfigMap, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data }, {}, identity),
      );
    expect(of({ a: '1', b: '2' })).toBe(of({ b: '2', a: '1' }));
    expect(of({ a: '1' })).not.toBe(of({ a: '2' }));
  });
});
