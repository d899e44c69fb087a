import { describe, expect, test } from 'vitest';
import { expiries, expiryOf } from '../../../../../src/cluster/plan/revision/expiry.ts';
import { withInside } from '../../../../../src/cluster/plan/steps/effects.ts';
import { converged, specOf } from '../../../../support/clusters.ts';
import { emptyRevision } from '../../../../support/revisions.ts';

const DAY = 86_400_000;
const certificate = {
  file: 'apiserver.crt',
  commonName: 'kube-apiserver',
  issuer: 'kubernetes-ca',
  issuedBy: null,
  names: [],
  notBefore: '2026-01-01T00:00:00Z',
  notAfter: '2026-10-28T00:00:00Z', // 300 days
  authority: false,
};
const begin = Date.parse(certificate.notBefore);

describe('a certificate is due', () => {
  test.each([
    [199, false],
    [200, false],
    [201, true],
    [300, true],
    [301, true],
  ])('after %i of its 300 days: %s', (days, due) => {
    expect(expiryOf(certificate, begin + days * DAY)).toMatchObject({ due, seconds: (300 - days) * 86_400 });
  });
});

describe('the certificates of a replica', () => {
  const revision = {
    ...emptyRevision,
    certificates: [{ ...certificate, file: 'later.crt', notAfter: '2026-12-28T00:00:00Z' }, certificate],
  };
  const ends = { certificateExpires: certificate.notAfter, certificateSecondsLeft: 86_400 };
  const seen = (inside: object) =>
    expiries(withInside(converged(specOf(['m0'])), 'm0', { revision, ...ends, ...inside }), 'm0');

  test('are told from the first to end to the last, by its own clock', () => {
    expect(seen({}).map((one) => [one.certificate.file, one.seconds])).toEqual([
      ['apiserver.crt', 86_400],
      ['later.crt', 62 * 86_400],
    ]);
  });

  test.each(['revision', 'certificateExpires', 'certificateSecondsLeft'])(
    'are unknown without its %s',
    (part) => {
      expect(seen({ [part]: null })).toEqual([]);
    },
  );
});
