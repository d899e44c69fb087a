import { expect, test } from 'vitest';
import { balancerName } from '../../../../src/providers/aws/balancer/parts.ts';
import { interruption } from '../../../../src/providers/aws/interruption.ts';

const cluster = { uid: '0123456789abcdef', region: 'eu-west-1', zone: 'eu-west-1a', apiPort: 443 };

test.each([
  'demo',
  'a',
  'internal-thing',
  'a-name-of-forty-characters-that-is-too-lo',
  'fourteen-chars-x',
  'fifteen-chars--x',
])('the balancer of %s has a name that ELB takes, and that holds the whole uid', (name) => {
  const made = balancerName({ ...cluster, name });
  expect(made).toMatch(/^(?!internal-)[A-Za-z0-9][A-Za-z0-9-]{0,30}[A-Za-z0-9]$/);
  expect(made.endsWith(cluster.uid)).toBe(true);
});

test('the plan says that the address lives in one zone, and that a single subnet makes the move long', () => {
  const several = interruption(['eu-west-1a', 'eu-west-1b'], {});
  const single = interruption(['eu-west-1a'], { subnets: ['subnet-1'] });
  expect(several.note).toMatch(/lives in one zone/);
  expect(single.note).toMatch(/second zone/);
  expect(single.promotion[1]).toBeGreaterThan(several.promotion[1]);
});
