import { describe, expect, test } from 'vitest';
import { nothingSeen } from '../../../../src/cluster/model/guard.ts';
import type { Observation } from '../../../../src/cluster/model/observation.ts';
import { type ClusterSpec, revisable } from '../../../../src/cluster/model/spec.ts';
import { next } from '../../../../src/cluster/plan/next.ts';
import { withRevision } from '../../../../src/cluster/plan/spec-changes.ts';
import { withInside } from '../../../../src/cluster/plan/steps/effects.ts';
import { withNodeInside } from '../../../../src/cluster/plan/steps/node-effects.ts';
import { renew } from '../../../../src/guard/rules/renew.ts';
import { converged, specOf } from '../../../support/clusters.ts';
import { certificateOf, emptyRevision, seen } from '../../../support/revisions.ts';

const DAY = 86_400;
const BEGINS = '2026-03-01T00:00:00Z';
const ENDS = '2027-03-01T00:00:00Z';
const spec = specOf(['m0', 'm1', 'm2'], {
  nodes: [{ name: 'n0', zone: 'local-a' }],
  usedNames: ['m0', 'm1', 'm2', 'n0'],
});
const whole = converged(spec);

function opinion(observation: Observation, of: ClusterSpec = spec) {
  return renew({ spec: of, observation, memory: nothingSeen, now: 0, afterMs: 0, elsewhere: [] });
}

function master(daysLeft: number): Observation {
  return withInside(whole, 'm1', {
    revision: { ...emptyRevision, certificates: [certificateOf('scheduler.conf', BEGINS, ENDS)] },
    certificateExpires: ENDS,
    certificateSecondsLeft: daysLeft * DAY,
  });
}

function node(daysLeft: number): Observation {
  return withNodeInside(whole, 'n0', {
    servingCertificateBegins: BEGINS,
    servingCertificateExpires: ENDS,
    servingCertificateSecondsLeft: daysLeft * DAY,
  });
}

describe('certificates are renewed', () => {
  test.each([
    ['of a replica with less than a third of their life left', master(121), 'certificates of m1: scheduler'],
    ['of a replica that have ended', master(-1), 'certificates of m1'],
    ['of a node with less than a third of their life left', node(121), 'certificates of n0'],
    ['of a node that have ended', node(-1), 'certificates of n0'],
  ])('%s', (_, o, what) => {
    expect(opinion(o)).toMatchObject({ kind: 'act', duty: 'renew', reason: expect.stringContaining(what) });
  });

  test.each([
    ['a replica', master(122)],
    ['a node', node(122)],
  ])('no sooner, of %s', (_, o) => {
    expect(opinion(o)).toBeNull();
  });

  test('not by a clock that is ahead, which is said', () => {
    const behind = withInside(master(121), 'm1', { clockAheadSeconds: -600 });
    const reason = expect.stringMatching(/clock of m1 is 10 min behind .*not be good yet/);
    expect(opinion(behind)).toEqual({ kind: 'wait', reason });
  });

  test('not where a node is told of other authorities: that is a rotation, which a repair goes on with', () => {
    const generations = { ca: [1, 2] };
    const rotating = withRevision(spec, { ...revisable(spec), generations }, 'c1');
    const told = ['m0', 'm1', 'm2'].reduce(
      (o, name) => withInside(o, name, { change: 'c1' }),
      withNodeInside(seen(spec, rotating), 'n0', { clientIssuer: 'kubelet-client-ca' }),
    );
    expect(next(rotating, told).steps).toMatchObject([{ kind: 'renew-node', becomes: expect.anything() }]);
    expect(opinion(told, rotating)).toBeNull();
  });
});
