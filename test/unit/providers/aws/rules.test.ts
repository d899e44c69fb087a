import { expect, test } from 'vitest';
import { desiredRules, flatten, toPermission } from '../../../../src/providers/aws/rules.ts';

const ids = { masters: 'sg-1', balancer: 'sg-2', nodes: null };
const access = {
  apiPort: 443,
  ssh: ['203.0.113.7/32'],
  clients: ['198.51.100.0/24'],
  direct: true,
  outside: [],
  podRange: '10.64.0.0/16',
};

test('masters accept the API from clients only while these come directly', () => {
  const from = (direct: boolean) =>
    desiredRules(ids, { ...access, direct })
      .masters.filter((rule) => rule.port === 443)
      .map((rule) => rule.from);
  expect(from(true)).toEqual(['sg-1', 'sg-2', '198.51.100.0/24']);
  expect(from(false)).toEqual(['sg-1', 'sg-2']);
});

test('etcd is open to masters alone, SSH to the operator alone, and the balancer to the clients alone', () => {
  const rules = desiredRules(ids, access);
  expect(rules.masters.filter((rule) => rule.port === 2380).map((rule) => rule.from)).toEqual(['sg-1']);
  expect(rules.masters.filter((rule) => rule.port === 22).map((rule) => rule.from)).toEqual([
    '203.0.113.7/32',
  ]);
  expect(rules.balancer.map((rule) => [rule.port, rule.from])).toEqual([[443, '198.51.100.0/24']]);
});

test('nodes are open to themselves, pods, masters and SSH; of masters they may reach the API, also by their public addresses', () => {
  const withNodes = { ...ids, nodes: 'sg-3' };
  const rules = desiredRules(withNodes, { ...access, outside: ['192.0.2.1/32', '198.51.100.0/24'] });
  expect(rules.nodes.map((rule) => [rule.port, rule.from])).toEqual([
    [22, '203.0.113.7/32'],
    ['every', 'sg-3'],
    ['every', '10.64.0.0/16'],
    ['every', 'sg-1'],
  ]);
  expect(rules.masters.filter((rule) => rule.from === 'sg-3').map((rule) => rule.port)).toEqual([443]);
  expect(rules.balancer.map((rule) => rule.from)).toEqual(['198.51.100.0/24', '192.0.2.1/32']);
  expect(desiredRules(ids, access).nodes).toEqual([]);
});

test('a rule survives the way through the form that EC2 keeps it in', () => {
  for (const rule of [
    ...desiredRules(ids, access).masters,
    ...desiredRules({ ...ids, nodes: 'sg-3' }, access).nodes,
    { port: 22, from: '2001:db8::/32', why: 'haup: x' },
  ])
    expect(flatten([toPermission(rule)])).toEqual([rule]);
});
