import { expect, test } from 'vitest';
import type { Observation } from '../../../../../src/cluster/model/observation.ts';
import { certificatesLast } from '../../../../../src/cluster/plan/preflight/certificates.ts';
import { EXPIRING_SECONDS } from '../../../../../src/cluster/plan/rules/renewing.ts';
import { view } from '../../../../../src/cluster/plan/view.ts';
import { converged, specOf } from '../../../../support/clusters.ts';

const spec = specOf(['m0', 'm1']);
const healthy = converged(spec);
const look = (observation: Observation) => view(spec, observation, { revive: false });

function left(...seconds: number[]): Observation {
  const machines = healthy.machines.map((m, index) => ({
    ...m,
    inside: { ...m.inside!, certificateSecondsLeft: seconds[index]! },
  }));
  return { ...healthy, machines };
}

test('certificates that last longer than a change stop nothing; those that do not are named with their replicas', () => {
  expect(certificatesLast(look(left(1e7, 1e7)))).toBeUndefined();
  const blocked = certificatesLast(look(left(1e7, EXPIRING_SECONDS - 1)));
  expect(blocked!.message).toMatch(/^certificates of m1 have expired, or do within \d+ h$/);
  expect(blocked!.advice).toEqual({ to: 'renew them first', command: 'repair', cluster: 'demo' });
  expect(certificatesLast(look(left(-1, 0)))!.message).toMatch(/^certificates of m0, m1 /);
});
