import { describe, expect, test } from 'vitest';
import { PLACEMENT_ANNOTATION } from '../../../../src/federation/model/names.ts';
import { placementOf, preferenceOf } from '../../../../src/federation/plan/placement.ts';

function read(text: string, annotation = PLACEMENT_ANNOTATION) {
  return placementOf({ metadata: { name: 'nginx', annotations: { [annotation]: text } } });
}

describe('a placement', () => {
  test('is everywhere and even without an annotation', () => {
    const placement = placementOf({ metadata: { name: 'nginx' } });
    expect(preferenceOf(placement as never, 'eu')).toEqual({ min: 0, max: null, weight: 1 });
  });

  test('is read as federation v1 wrote it', () => {
    const text = '{"rebalance":true,"clusters":{"eu":{"minReplicas":2,"maxReplicas":9,"weight":3},"*":{}}}';
    for (const name of [PLACEMENT_ANNOTATION, 'federation.kubernetes.io/deployment-preferences']) {
      const placement = read(text, name);
      expect(placement).toEqual({
        rebalance: true,
        clusters: { eu: { min: 2, max: 9, weight: 3 }, '*': { min: 0, max: null, weight: 1 } },
      });
      expect(preferenceOf(placement as never, 'us')).toMatchObject({ weight: 1 });
    }
  });

  test('leaves out clusters that it does not name', () => {
    expect(preferenceOf(read('{"clusters":{"eu":{}}}') as never, 'us')).toBeNull();
  });

  test.each([
    ['nonsense', 'not JSON'],
    ['[]', 'must be an object'],
    ['{"cluster":{}}', '"cluster", which means nothing'],
    ['{"rebalance":"yes"}', 'must be true or false'],
    ['{"clusters":["eu"]}', 'a preference for each cluster'],
    ['{"clusters":{"eu":{"weight":-1}}}', '"eu" in the annotation'],
    ['{"clusters":{"eu":{"min":1}}}', 'there is no "min"'],
    ['{"clusters":{"eu":{"minReplicas":3,"maxReplicas":2}}}', 'less than minReplicas'],
  ])('says what is wrong with %s', (text, words) => {
    expect(read(text)).toContain(words);
  });
});
