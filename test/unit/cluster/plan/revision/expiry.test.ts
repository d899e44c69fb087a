import { describe, expect, test } from 'vitest';
import { expiryOf } from '../../../../../src/cluster/plan/revision/expiry.ts';

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
