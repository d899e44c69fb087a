import { expect, test } from 'vitest';
import { chooseRoute } from '../../../../../src/providers/aws/address/route.ts';

const three = ['a', 'b', 'c'];

test('the address goes to a zone without targets where there is one: every target stays healthy', () => {
  const route = chooseRoute({ enabled: ['a', 'b'], subnets: three, lost: [], near: 'a' });
  expect(route).toEqual({ kind: 'add', zone: 'c' });
});

test('with every zone enabled, the one in which the address already is gets it, after it was disabled', () => {
  const route = chooseRoute({ enabled: three, subnets: three, lost: [], near: 'b' });
  expect(route).toEqual({ kind: 'readd', zone: 'b' });
});

test('a single zone with a subnet elsewhere needs no rebuilding', () => {
  expect(chooseRoute({ enabled: ['a'], subnets: three, lost: [], near: 'a' })).toEqual({
    kind: 'add',
    zone: 'b',
  });
});

test('a single subnet means building the load balancer anew with the address', () => {
  const route = chooseRoute({ enabled: ['a'], subnets: ['a'], lost: [], near: 'a' });
  expect(route).toEqual({ kind: 'rebuild', zone: 'a' });
});

test('a lost zone is never chosen', () => {
  expect(chooseRoute({ enabled: ['b'], subnets: three, lost: ['a', 'c'], near: 'a' })).toEqual({
    kind: 'rebuild',
    zone: 'b',
  });
  expect(chooseRoute({ enabled: ['b', 'c'], subnets: three, lost: ['a'], near: 'a' })).toEqual({
    kind: 'readd',
    zone: 'b',
  });
});

test('where every zone is lost there is no way', () => {
  expect(chooseRoute({ enabled: ['a', 'b'], subnets: ['a', 'b'], lost: ['a', 'b'], near: 'a' })).toBeNull();
});
