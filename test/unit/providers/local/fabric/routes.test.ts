import { expect, test } from 'vitest';
import { routingOf } from '../../../../../src/providers/local/fabric/routes.ts';
import type { MachineRecord } from '../../../../../src/providers/local/state.ts';
import { formatCidr, parseCidr } from '../../../../../src/util/ipv4.ts';

const node = (name: string, internalIp: string): MachineRecord => ({
  name,
  role: 'node',
  uidBase: 0,
  zone: 'local-a',
  internalIp,
  ephemeralIp: null,
  isolated: false,
});
const machines = [node('n1', '10.128.0.2'), node('n2', '10.128.1.3')];
const record = { pods: { '10.200.1.0/24': 'n1', '10.200.2.0/24': 'n2' }, services: ['n1', 'n2'] };

test('ranges and Services lead to the machines’ private addresses', () => {
  const routing = routingOf(record, machines, ['lo', 'p10-128-0-2', 'p10-128-1-3']);
  expect([...routing.pods]).toEqual([
    ['10.200.1.0/24', '10.128.0.2'],
    ['10.200.2.0/24', '10.128.1.3'],
  ]);
  expect(routing.services).toEqual(['10.128.0.2', '10.128.1.3']);
});

test('a machine that has no link, or is gone, is led to by nothing', () => {
  const off = routingOf(record, machines, ['lo', 'p10-128-1-3']);
  expect([...off.pods]).toEqual([['10.200.2.0/24', '10.128.1.3']]);
  expect(off.services).toEqual(['10.128.1.3']);
  expect(routingOf(record, [], ['p10-128-0-2']).services).toEqual([]);
});

test.each(['10.200.1.0/24', '10.0.0.0/8', '198.18.7.192/26', '1.2.3.4/32'])(
  '%s is written as it is read',
  (text) => {
    expect(formatCidr(parseCidr(text))).toBe(text);
  },
);
