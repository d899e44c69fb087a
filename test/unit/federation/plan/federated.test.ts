import { expect, test } from 'vitest';
import { DRILL_NAMESPACE } from '../../../../src/cluster/model/drill.ts';
import { kinds } from '../../../../src/federation/model/kinds.ts';
import type { ApiObject } from '../../../../src/federation/model/object.ts';
import { isFederated } from '../../../../src/federation/plan/federated.ts';

const object = (metadata: { name: string; namespace?: string }) => ({ metadata }) as unknown as ApiObject;

test.each([`${DRILL_NAMESPACE}0a1b2c3d`, 'kube-system'])('what is in %s is for no member', (name) => {
  expect(isFederated(kinds.Namespace, object({ name }))).toBe(false);
  expect(isFederated(kinds.ConfigMap, object({ name: 'counter', namespace: name }))).toBe(false);
});

test('what users make is for members, whatever it is called', () => {
  expect(isFederated(kinds.Namespace, object({ name: 'shop' }))).toBe(true);
  expect(isFederated(kinds.ConfigMap, object({ name: `${DRILL_NAMESPACE}1`, namespace: 'shop' }))).toBe(true);
});
