import { describe, expect, test } from 'vitest';
import { dueFiles, isNodeDue } from '../../../../../src/cluster/plan/revision/due.ts';
import { withInside } from '../../../../../src/cluster/plan/steps/effects.ts';
import { emptyNode } from '../../../../../src/cluster/plan/steps/node-effects.ts';
import type { SeenCertificate } from '../../../../../src/replicas/revision/revision.ts';
import { converged, specOf } from '../../../../support/clusters.ts';
import { certificateOf, emptyRevision } from '../../../../support/revisions.ts';

const DAY = 86_400;
const NOW = Date.parse('2026-10-01T00:00:00Z');
const at = (days: number) => new Date(NOW + 1000 * DAY * days).toISOString().replace('.000', '');
const certificate = (file: string, began: number, ends: number, change: Partial<SeenCertificate> = {}) =>
  certificateOf(file, at(began), at(ends), change);

/** By a machine whose clock says that it is NOW. */
function due(certificates: readonly SeenCertificate[], begunBefore?: string): string[] {
  const first = certificates.map(({ notAfter }) => notAfter).sort()[0]!;
  const o = withInside(converged(specOf(['m0'])), 'm0', {
    certificateExpires: first,
    certificateSecondsLeft: (Date.parse(first) - NOW) / 1000,
    revision: { ...emptyRevision, certificates },
  });
  return dueFiles(o, 'm0', begunBefore === undefined ? {} : { begunBefore });
}

describe('certificates of a replica that are to be renewed', () => {
  test('are those of whose life less than a third is left, the one that ends first first, each file once', () => {
    const list = [
      certificate('young.crt', -100, 200),
      certificate('later.crt', -300, 60),
      certificate('soon.crt', -300, 30),
      certificate('soon.crt', -300, 30),
    ];
    expect(due(list)).toEqual(['soon.crt', 'later.crt']);
  });

  test('are all that began before a moment, if that is asked for, and none that began at it', () => {
    const list = [certificate('old.crt', -2, 300), certificate('new.crt', -1, 300)];
    expect(due(list, at(-1))).toEqual(['old.crt']);
    expect(due(list)).toEqual([]);
  });

  test('are authorities only where they live as long as leaves, and are due', () => {
    const authority = (commonName: string, began: number, ends: number) =>
      certificate(`${commonName}.crt`, began, ends, { authority: true, commonName });
    const list = [
      authority('kubernetes-ca', -3000, 30),
      authority('kubelet-client-ca', -300, 31),
      authority('kubelet-serving-ca', -300, 32),
      { ...authority('kubelet-client-ca', -10, 300), file: 'young.crt' },
    ];
    expect(due(list, at(0))).toEqual(['kubelet-client-ca.crt', 'kubelet-serving-ca.crt']);
  });
});

describe('the certificates of a node are to be renewed', () => {
  const node = {
    ...emptyNode,
    servingCertificateBegins: at(-300),
    servingCertificateExpires: at(60),
    servingCertificateSecondsLeft: 60 * DAY,
  };

  test('when less than a third is left, by the node’s own clock', () => {
    expect(isNodeDue(node, {})).toBe(true);
    expect(isNodeDue({ ...node, servingCertificateSecondsLeft: 240 * DAY }, {})).toBe(false);
  });

  test('when they began before a moment that is given', () => {
    const young = { ...node, servingCertificateBegins: at(-10), servingCertificateExpires: at(350) };
    const left = { ...young, servingCertificateSecondsLeft: 350 * DAY };
    expect([isNodeDue(left, {}), isNodeDue(left, { begunBefore: at(-9) })]).toEqual([false, true]);
    expect(isNodeDue(left, { begunBefore: at(-10) })).toBe(false);
  });

  test.each(['servingCertificateBegins', 'servingCertificateExpires', 'servingCertificateSecondsLeft'])(
    'never while nobody knows %s',
    (unknown) => {
      expect(isNodeDue({ ...node, [unknown]: null }, { begunBefore: at(1) })).toBe(false);
    },
  );
});
