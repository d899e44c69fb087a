import { describe, expect, test } from 'vitest';
import { differencesOf } from '../../../../../src/cluster/plan/revision/differs.ts';
import { listed, revisionStatus, sayDifference } from '../../../../../src/cluster/plan/revision/report.ts';
import { statusOf } from '../../../../../src/cluster/plan/status.ts';
import { converged, specOf } from '../../../../support/clusters.ts';
import { certificate, seen, wanted } from './example.ts';

describe('the status', () => {
  const spec = specOf(['m0', 'm1']);
  const whole = converged(spec);
  const machines = whole.machines.map((machine) => ({
    ...machine,
    inside: machine.inside && {
      ...machine.inside,
      certificateExpires: '2027-01-01T00:00:00Z',
      certificateSecondsLeft: 86_400,
      revision: machine.name === 'm0' ? { ...seen, etcdVersion: 'v3.6.0' } : seen,
    },
  }));

  test('shows differences where both sides are known, and changes nothing because of them', () => {
    const o = { ...whole, machines, wanted: { m0: wanted } };
    expect(differencesOf(o, 'm0')).toEqual([{ path: 'version/etcd', how: 'changed', cost: 'etcd' }]);
    expect(differencesOf(o, 'm1')).toEqual([]);
    expect(differencesOf({ ...o, wanted: undefined }, 'm0')).toEqual([]);
    const status = statusOf(spec, o, Date.parse('2026-12-31T00:00:00Z'));
    expect(status.converged).toBe(true);
    expect(status.replicas.map(({ differences }) => differences.length)).toEqual([1, 0]);
    expect(sayDifference(status.replicas[0]!.differences[0]!)).toBe(
      'version/etcd is another than wanted (etcd and the API server start again for it)',
    );
  });

  test('lists every certificate, and warns of each that ends soon, by the machine’s clock', () => {
    const early = { ...certificate, file: 'etcd/peer.crt', notAfter: '2026-12-20T00:00:00Z' };
    const revision = { ...seen, certificates: [certificate, early] };
    const o = {
      ...whole,
      machines: machines.map((m) => ({
        ...m,
        inside: m.inside && {
          ...m.inside,
          revision,
          certificateExpires: early.notAfter,
          certificateSecondsLeft: 10 * 86_400,
        },
      })),
    };
    const status = statusOf(spec, o, Date.parse('2026-12-10T00:00:00Z'));
    expect(status.replicas[0]!.certificates).toEqual([
      {
        file: 'etcd/peer.crt',
        issuer: 'kubernetes-ca',
        names: early.names,
        expires: early.notAfter,
        due: true,
      },
      {
        file: 'apiserver.crt',
        issuer: 'kubernetes-ca',
        names: early.names,
        expires: certificate.notAfter,
        due: true,
      },
    ]);
    expect(status.warnings[0]).toEqual({
      says: 'm0: its certificates expire in 10 days (etcd/peer.crt, apiserver.crt)',
      remedy: { to: 'renew them', command: 'renew', cluster: 'demo' },
    });
  });
});

test('of a replica that nobody could look into there is no revision, nor anything that differs', () => {
  const one = converged(specOf(['m0']));
  expect(revisionStatus(one, 'm0')).toEqual({ revision: null, certificates: [], differences: [] });
  expect(revisionStatus(one, 'nobody').revision).toBeNull();
  const known = one.machines.map((machine) => ({
    ...machine,
    inside: { ...machine.inside!, revision: seen },
  }));
  const { revision } = revisionStatus({ ...one, machines: known }, 'm0');
  expect(Object.keys(revision!)).toEqual(['kubernetesVersion', 'etcdVersion', 'digest', 'trust', 'keys']);
});

test('three files are named, and more are counted', () => {
  expect(listed(['a', 'b', 'c'])).toBe('a, b, c');
  expect(listed(['a', 'b', 'c', 'd', 'e'])).toBe('a, b, c and 2 more');
  expect(listed([])).toBe('');
});
