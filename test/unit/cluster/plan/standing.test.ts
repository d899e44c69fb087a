import { describe, expect, test } from 'vitest';
import { nothing, type Observation } from '../../../../src/cluster/model/observation.ts';
import { standing } from '../../../../src/cluster/plan/standing.ts';
import { withMember } from '../../../../src/cluster/plan/steps/effects.ts';
import { converged, powerOff, specOf } from '../../../support/clusters.ts';

const spread = converged(specOf(['m0@local-a', 'm1@local-b', 'm2@local-c']));
const five = converged(specOf(['m0@local-a', 'm1@local-a', 'm2@local-b', 'm3@local-b', 'm4@local-c']));

/** What it survives: any machine, any zone. */
function survives(o: Observation): readonly [boolean, boolean] {
  const { survivesAnyMachine, survivesAnyZone } = standing(o);
  return [survivesAnyMachine, survivesAnyZone];
}

describe('how safe etcd is', () => {
  test('says how many vote, how many of them are needed, and how many more may fail', () => {
    expect(standing(spread)).toMatchObject({ voters: 3, healthy: 3, quorum: 2, failuresTolerated: 1 });
    expect(standing(powerOff(spread, 'm1'))).toMatchObject({ voters: 3, healthy: 2, failuresTolerated: 0 });
  });

  test('counts no learner as a voter', () => {
    const o = withMember(spread, 'm2', { learner: true });
    expect(standing(o)).toMatchObject({
      voters: 2,
      learners: 1,
      quorum: 2,
      healthy: 2,
      failuresTolerated: 0,
    });
    expect(standing(spread).learners).toBe(0);
  });

  test('counts nobody as healthy while etcd cannot be read, whatever was last known', () => {
    const o = { ...spread, etcd: { ...spread.etcd, readable: false } };
    expect(standing(o)).toMatchObject({ voters: 3, healthy: 0, failuresTolerated: 0, hasQuorum: false });
    expect(survives(o)).toEqual([false, false]);
  });

  test('has a quorum down to the last voter that is needed, and not below', () => {
    expect(standing(powerOff(spread, 'm1')).hasQuorum).toBe(true);
    expect(standing(powerOff(spread, 'm1', 'm2')).hasQuorum).toBe(false);
  });

  test('survives the loss of any machine if one more voter than needed is healthy', () => {
    expect(survives(spread)).toEqual([true, true]);
    expect(survives(powerOff(spread, 'm1'))).toEqual([false, false]);
  });

  test('survives the loss of any zone if the fullest one holds no voter that is needed', () => {
    expect(survives(five)).toEqual([true, true]);
    expect(survives(powerOff(five, 'm4'))).toEqual([true, false]);
    expect(survives(converged(specOf(['m0@local-a', 'm1@local-a', 'm2@local-b'])))).toEqual([true, false]);
  });

  test('takes voters whose machines nobody sees for neighbours: they could all be in one zone', () => {
    expect(survives({ ...spread, machines: [] })).toEqual([true, false]);
  });

  test('of a cluster that has no member yet is nothing', () => {
    const none = { ...nothing, etcd: { readable: true, members: [] } };
    expect(standing(none)).toMatchObject({ voters: 0, healthy: 0, failuresTolerated: 0, hasQuorum: false });
    expect(survives(none)).toEqual([false, false]);
  });
});

test('where nobody votes nothing is held, and nothing survives', () => {
  const { hasQuorum, survivesAnyMachine, survivesAnyZone } = standing(nothing);
  expect([hasQuorum, survivesAnyMachine, survivesAnyZone]).toEqual([false, false, false]);
});
