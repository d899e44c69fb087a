import { describe, expect, test } from 'vitest';
import { differencesOf, differs } from '../../../../../src/cluster/plan/revision/differs.ts';
import { withInside } from '../../../../../src/cluster/plan/steps/effects.ts';
import type { Revision } from '../../../../../src/replicas/revision/revision.ts';
import { converged, specOf } from '../../../../support/clusters.ts';
import { certificate, seen, wanted } from './example.ts';

const said = (change: Partial<Revision>) =>
  differs(wanted, { ...seen, ...change }).map(({ path, how, cost }) => `${path} ${how} ${cost}`);

describe('what differs', () => {
  test('is nothing of a replica that is as it should be, more names on a certificate included', () => {
    expect(said({})).toEqual([]);
    expect(said({ certificates: [{ ...certificate, names: ['10.0.0.1', 'x', 'a'] }] })).toEqual([]);
  });

  test.each<[string, Partial<Revision>, string[]]>([
    ['a version', { kubernetesVersion: 'v1.36.0' }, ['version/kubernetes changed api-server']],
    ['etcd’s version', { etcdVersion: 'v3.6.0' }, ['version/etcd changed etcd']],
    [
      'a unit',
      { configuration: { ...wanted.configuration, 'units/kube-apiserver.service': 'x' } },
      ['units/kube-apiserver.service changed api-server'],
    ],
    [
      'a file that is gone, and one that nobody ordered',
      {
        configuration: {
          'units/etcd.service': 'a',
          'config/audit.yaml': 'c',
          'units/etcd.service.d/x.conf': 'd',
        },
      },
      ['units/etcd.service.d/x.conf unexpected etcd', 'units/kube-apiserver.service missing api-server'],
    ],
    [
      'whom it believes',
      { trust: { 'ca.crt': ['CA', 'OTHER'], 'etcd/ca.crt': ['NEW'] } },
      ['pki/ca.crt changed controllers', 'pki/etcd/ca.crt changed etcd'],
    ],
    [
      'the order of keys',
      { keys: { encryption: ['k2', 'k1'], 'service-account': ['s1'] } },
      ['pki/encryption other-keys api-server'],
    ],
    ['a certificate that is gone', { certificates: [] }, ['pki/apiserver.crt missing reload']],
    [
      'a certificate of another authority',
      { certificates: [{ ...certificate, issuedBy: null }] },
      ['pki/apiserver.crt other-issuer reload'],
    ],
    [
      'a certificate without a name that it needs',
      { certificates: [{ ...certificate, names: ['a'] }] },
      ['pki/apiserver.crt other-names reload'],
    ],
    [
      'a certificate of somebody else',
      { certificates: [{ ...certificate, commonName: 'kube-scheduler' }] },
      ['pki/apiserver.crt other-names reload'],
    ],
  ])('%s', (_, change, expected) => {
    expect(said(change)).toEqual(expected);
  });
});

test('nothing differs where one side is not known', () => {
  const has = withInside(converged(specOf(['m0'])), 'm0', { revision: { ...seen, etcdVersion: 'v3.6.0' } });
  const both = { ...has, wanted: { m0: wanted } };
  expect(differencesOf(both, 'm0').map(({ path }) => path)).toEqual(['version/etcd']);
  expect(differencesOf(has, 'm0')).toEqual([]);
  expect(differencesOf({ ...both, wanted: {} }, 'm0')).toEqual([]);
  expect(differencesOf(withInside(both, 'm0', { revision: null }), 'm0')).toEqual([]);
  expect(differencesOf(both, 'nobody')).toEqual([]);
});
