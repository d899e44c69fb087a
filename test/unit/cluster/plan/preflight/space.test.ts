import { expect, test } from 'vitest';
import type { Observation } from '../../../../../src/cluster/model/observation.ts';
import { fullFolders, spaceLeft } from '../../../../../src/cluster/plan/preflight/space.ts';
import { view } from '../../../../../src/cluster/plan/view.ts';
import { converged, specOf } from '../../../../support/clusters.ts';

const spec = specOf(['m0']);
const healthy = converged(spec);
const look = (observation: Observation) => view(spec, observation, { revive: false });

function free(kib: Readonly<Record<string, number>>): Observation {
  const machines = healthy.machines.map((m) => ({ ...m, inside: { ...m.inside!, freeKib: kib } }));
  return { ...healthy, machines };
}

test.each([
  ['/run', 1024, null],
  ['/run', 1023, 'm0: /run is nearly full (1 MiB left)'],
  ['/run', 16, 'm0: /run is nearly full (1 MiB left)'],
  ['/run', 15, 'm0: /run is full'],
  ['/tmp', 1024, null],
  ['/tmp', 1023, 'm0: /tmp is nearly full (1 MiB left)'],
  ['/etc/haup', 8192, null],
  ['/etc/haup', 8191, 'm0: /etc/haup is nearly full (8 MiB left)'],
  ['/var/lib/haup', 131_072, null],
  ['/var/lib/haup', 131_071, 'm0: /var/lib/haup is nearly full (128 MiB left)'],
  ['/srv', 0, null],
])('%s with %i KiB free', (folder, kib, said) => {
  const observation = free({ [folder]: kib });
  expect(fullFolders(observation)).toEqual(said === null ? [] : [said]);
  expect(spaceLeft(look(observation))?.message ?? null).toBe(said);
});

test('every full folder is named, and a machine that nobody could look inside is not', () => {
  const both = free({ '/run': 0, '/tmp': 0 });
  expect(spaceLeft(look(both))!.message).toBe('m0: /run is full; m0: /tmp is full');
  const unseen = { ...both, machines: both.machines.map((m) => ({ ...m, inside: null })) };
  expect(fullFolders(unseen)).toEqual([]);
});
