import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { clusterDocument, differencesBetween, documentOf, readDocument } from '../../../src/app/apply.ts';
import { specOf } from '../../support/clusters.ts';

const spec = specOf(['m0'], { extraArguments: { apiServer: { v: '2' } } });

describe('the document of a cluster', () => {
  test('is read as it was shown', () => {
    expect(readDocument(documentOf(spec))).toEqual(documentOf(spec));
    expect(documentOf(spec)).toMatchObject({ cluster: 'demo', extraArguments: { apiServer: { v: '2' } } });
  });

  test.each([
    [{ replicas: 3 }, 'replicas'],
    [{ kubernetesVersion: 37 }, 'kubernetesVersion'],
    [{ extraArguments: { kubelet: {} } }, 'kubelet'],
    [{ extraArguments: { apiServer: { '--v': '2' } } }, 'extraArguments.apiServer'],
    [{ extraArguments: { apiServer: { v: 'a\nExecStartPre=x' } } }, 'extraArguments.apiServer.v'],
    ['no map', 'document'],
  ])('says what is wrong with %j', (document, where) => {
    expect(() => readDocument(document)).toThrow(where);
  });

  test('has a schema that is published', () => {
    const published = JSON.parse(
      readFileSync(new URL('../../../docs/cluster.schema.json', import.meta.url), 'utf8'),
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
