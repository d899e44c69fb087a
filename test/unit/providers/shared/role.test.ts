import { expect, test } from 'vitest';
import { needRole, roleOf } from '../../../../src/providers/shared/role.ts';

test('a machine without a role is from before roles, and a master', () => {
  expect(roleOf(undefined, 'm')).toBe('master');
  expect(roleOf(null, 'm')).toBe('master');
  expect(roleOf('master', 'm')).toBe('master');
  expect(roleOf('node', 'm')).toBe('node');
});

test.each(['', 'etcd', 'Node', 'x'.repeat(300)])('the role %j is not guessed', (label) => {
  expect(() => roleOf(label, 'm')).toThrow(expect.objectContaining({ kind: 'invalid' }));
});

test('a machine of another role than wanted is a conflict', () => {
  needRole('m', 'node', 'node');
  expect(() => needRole('m', 'master', 'node')).toThrow(expect.objectContaining({ kind: 'conflict' }));
});
