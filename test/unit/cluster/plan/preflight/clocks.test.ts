import { expect, test } from 'vitest';
import type { Observation } from '../../../../../src/cluster/model/observation.ts';
import { warningsOf } from '../../../../../src/cluster/plan/health.ts';
import { clocksAgree, clocksApart } from '../../../../../src/cluster/plan/preflight/clocks.ts';
import { withNodeInside } from '../../../../../src/cluster/plan/steps/node-effects.ts';
import { view } from '../../../../../src/cluster/plan/view.ts';
import { converged, specOf } from '../../../../support/clusters.ts';

const spec = specOf(['m0', 'm1', 'm2']);
const healthy = converged(spec);
const look = (observation: Observation) => view(spec, observation, { revive: false });

/** Machines whose clocks are so many seconds ahead; null: nobody could look inside. */
function clocks(...ahead: (number | null)[]): Observation {
  const machines = ahead.map((seconds, index) => {
    const machine = healthy.machines[index]!;
    const inside = seconds === null ? null : { ...machine.inside!, clockAheadSeconds: seconds };
    return { ...machine, inside };
  });
  return { ...healthy, machines };
}

test.each([
  [[179, -179], null],
  [[180], "the clock of m0 is 3 min ahead of the operator's"],
  [[-180], "the clock of m0 is 3 min behind the operator's"],
  [[0, 600], "the clock of m1 is 10 min ahead of the operator's"],
  [[600, 610], "the operator's clock is 10 min behind the machines', which agree with each other"],
  [[-7140], "the clock of m0 is 119 min behind the operator's"],
  [[7200], "the clock of m0 is 2 h 0 min ahead of the operator's"],
  [
    [600, 780],
    "the clock of m0 is 10 min ahead of the operator's; the clock of m1 is 13 min ahead of the operator's",
  ],
  [[null, 600], "the clock of m1 is 10 min ahead of the operator's"],
  [[null, null], null],
])('clocks that are %j seconds ahead', (ahead, said) => {
  const observation = clocks(...ahead);
  expect(clocksApart(observation.machines)).toBe(said);
  const blocked = clocksAgree(look(observation));
  expect(blocked?.message ?? null).toBe(said);
});

test("a node's clock is said, but stops no change of the masters", () => {
  const nodes = [{ name: 'n0', zone: 'local-a' }];
  const withNode = converged({ ...spec, nodes, usedNames: [...spec.usedNames, 'n0'] });
  const late = withNodeInside(withNode, 'n0', { clockAheadSeconds: -600 });
  expect(warningsOf(spec, late, 0)[0]).toBe("the clock of n0 is 10 min behind the operator's");
  expect(clocksAgree(look(late))).toBeUndefined();
});
