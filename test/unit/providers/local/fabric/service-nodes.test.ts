import { expect, test } from 'vitest';
import { choice, markOf } from '../../../../../src/providers/local/fabric/service-nodes.ts';

test('a new connection gets the mark of a node that answers for its address, and none where no node does', () => {
  expect(choice(['10.128.0.2', '10.128.1.3']).trim().split('\n')).toEqual([
    'flush chain ip haup choose',
    'flush map ip haup marks',
    'add element ip haup marks { 10.128.0.2 : 3 }',
    'add element ip haup marks { 10.128.1.3 : 260 }',
    'add rule ip haup choose meta mark set numgen random mod 2 map { 0 : 3, 1 : 260 }',
    'add rule ip haup choose ip daddr . meta mark @announced return',
    'add rule ip haup choose meta mark set 3',
    'add rule ip haup choose ip daddr . meta mark @announced return',
    'add rule ip haup choose meta mark set 260',
    'add rule ip haup choose ip daddr . meta mark @announced return',
    'add rule ip haup choose meta mark set 0',
  ]);
});

test('without nodes nothing is marked', () => {
  expect(choice([]).trim().split('\n')).toEqual([
    'flush chain ip haup choose',
    'flush map ip haup marks',
    'add rule ip haup choose meta mark set 0',
  ]);
});

test('every private address has a mark of its own, and none has the mark that means none', () => {
  const all = [0, 1, 2, 3, 255].flatMap((zone) =>
    Array.from({ length: 256 }, (_, host) => markOf(`10.128.${zone}.${host}`)),
  );
  expect(new Set(all).size).toBe(all.length);
  expect(Math.min(...all)).toBeGreaterThan(0);
});
