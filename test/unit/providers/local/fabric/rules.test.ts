import { expect, test } from 'vitest';
import { BALANCER_IP } from '../../../../../src/providers/local/address/addresses.ts';
import { differences } from '../../../../../src/providers/local/fabric/rules.ts';
import { translationOf } from '../../../../../src/providers/local/fabric/translation.ts';
import type { MachineRecord } from '../../../../../src/providers/local/state.ts';

const machine = (name: string, host: number, over: Partial<MachineRecord> = {}): MachineRecord => ({
  name,
  role: 'master',
  uidBase: 0,
  zone: 'local-a',
  internalIp: `10.128.0.${host}`,
  ephemeralIp: `198.18.0.${100 + host}`,
  isolated: false,
  ...over,
});
const api = '198.18.0.10';
const one = machine('one', 2);
const two = machine('two', 3);

test('a machine answers on its ephemeral address, the holder on the API address only', () => {
  const held = translationOf({ ip: api, holder: { kind: 'machine', name: 'one' } }, [one, two]);
  expect([...held.external]).toEqual([
    ['198.18.0.103', '10.128.0.3'],
    [api, '10.128.0.2'],
  ]);
});

test('the balancer can hold the address; a holder that is gone leaves it to nobody', () => {
  const balanced = translationOf({ ip: api, holder: { kind: 'balancer' } }, [one]);
  expect(balanced.external.get(api)).toBe(BALANCER_IP);
  expect(balanced.external.get('198.18.0.102')).toBe('10.128.0.2');
  const orphaned = translationOf({ ip: api, holder: { kind: 'machine', name: 'gone' } }, [one]);
  expect(orphaned.external.has(api)).toBe(false);
});

test('isolated machines and those that are being cut off are severed', () => {
  const { severed } = translationOf(null, [machine('one', 2, { isolated: true }), two], new Set(['two']));
  expect([...severed]).toEqual(['10.128.0.2', '10.128.0.3']);
});

test('moving the address changes its own elements and no other, in both directions', () => {
  const before = translationOf({ ip: api, holder: { kind: 'machine', name: 'one' } }, [one, two]);
  const after = translationOf({ ip: api, holder: { kind: 'balancer' } }, [one, two]);
  expect(differences(before, after).trim().split('\n')).toEqual([
    `delete element ip haup external { ${api} : 10.128.0.2 }`,
    'add element ip haup external { 198.18.0.102 : 10.128.0.2 }',
    `add element ip haup external { ${api} : ${BALANCER_IP} }`,
    `delete element ip haup internal { 10.128.0.2 : ${api} }`,
    'add element ip haup internal { 10.128.0.2 : 198.18.0.102 }',
    `add element ip haup internal { ${BALANCER_IP} : ${api} }`,
  ]);
});

test('what is in force already is not touched', () => {
  const now = translationOf({ ip: api, holder: { kind: 'balancer' } }, [one, two]);
  expect(differences(now, now)).toBe('');
});

test('masters, nodes and pods are in sets of their own, and severed is the link whatever goes over it', () => {
  const node = machine('node', 4, { role: 'node' });
  const routes = { pods: { '10.200.1.0/24': 'node' }, services: [] };
  const nothing = translationOf(null, []);
  const wanted = translationOf(
    null,
    [
      { ...one, ephemeralIp: null },
      { ...node, ephemeralIp: null },
    ],
    new Set(['node']),
    routes,
  );
  expect(differences(nothing, wanted).trim().split('\n')).toEqual([
    'add element ip haup severed { "p10-128-0-4" }',
    'add element ip haup masters { 10.128.0.2 }',
    'add element ip haup nodes { 10.128.0.4 }',
    'add element ip haup pods { 10.200.1.0/24 }',
  ]);
  expect(differences(wanted, nothing).trim().split('\n')).toHaveLength(4);
});

test('clusters of a group are known by their ranges, and one that leaves goes from the set', () => {
  const peers = [
    { key: 'eu-0123456789abcdef', slot: 1 },
    { key: 'us-0123456789abcdef', slot: 257 },
  ];
  const alone = translationOf(null, [one]);
  const grouped = translationOf(null, [one], new Set(), null, peers);
  expect([...grouped.peers]).toEqual(['198.18.1.0/24', '198.19.1.0/24']);
  expect(differences(alone, grouped)).toBe(
    'add element ip haup peers { 198.18.1.0/24 }\nadd element ip haup peers { 198.19.1.0/24 }\n',
  );
  expect(differences(grouped, alone)).toBe(
    'delete element ip haup peers { 198.18.1.0/24 }\ndelete element ip haup peers { 198.19.1.0/24 }\n',
  );
});
