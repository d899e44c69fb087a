import { expect, test } from 'vitest';
import type { Observation } from '../../../../../src/cluster/model/observation.ts';
import { nothingRefused } from '../../../../../src/cluster/plan/preflight/admission.ts';
import { view } from '../../../../../src/cluster/plan/view.ts';
import { converged, specOf } from '../../../../support/clusters.ts';

const spec = specOf(['m0']);
const healthy = converged(spec);
const look = (observation: Observation) => view(spec, observation, { revive: false });

test('the first refused write is named; without one nothing is said', () => {
  expect(nothingRefused(look(healthy))).toBeUndefined();
  expect(nothingRefused(look({ ...healthy, refusedWrites: [] }))).toBeUndefined();
  const refusedWrites = ['leases: no', 'events: no'];
  expect(nothingRefused(look({ ...healthy, refusedWrites }))!.message).toBe(
    'the API refuses what the control plane itself has to write: leases: no',
  );
});
