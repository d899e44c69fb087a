import { describe, expect, test } from 'vitest';
import type { Observation } from '../../../../../src/cluster/model/observation.ts';
import { next } from '../../../../../src/cluster/plan/next.ts';
import type { Step } from '../../../../../src/cluster/plan/step.ts';
import { converged, specOf } from '../../../../support/clusters.ts';

const nodes = [{ name: 'n0', zone: 'local-a' }];
const spec = specOf(['m0', 'm1'], { nodes, usedNames: ['m0', 'm1', 'n0'] });
const whole = converged(spec);
const bare: Observation = {
  ...whole,
  machines: [],
  nodes: { ...whole.nodes, machines: [] },
  balancer: null,
};

function steps(o: Observation): readonly Step[] {
  return next({ ...spec, deleting: true }, o).steps;
}

describe('a deletion', () => {
  test('takes every machine and the balancer at once, and keeps the address while any of them may hold it', () => {
    expect(steps(whole)).toEqual([
      { kind: 'delete-machine', replica: 'm0' },
      { kind: 'delete-machine', replica: 'm1' },
      { kind: 'delete-node', node: 'n0' },
      { kind: 'delete-balancer' },
    ]);
    for (const rest of [{ machines: whole.machines }, { nodes: whole.nodes }, { balancer: whole.balancer }])
      expect(steps({ ...bare, ...rest }).map(({ kind }) => kind)).not.toContain('release-address');
  });

  test('gives the address back before the network goes, which comes last', () => {
    expect(steps(bare)).toEqual([{ kind: 'release-address' }]);
    expect(steps({ ...bare, address: null })).toEqual([{ kind: 'delete-network' }]);
  });

  test('looks for a network also where none was seen: half of one costs money too', () => {
    expect(steps({ ...bare, address: null, network: false })).toEqual([{ kind: 'delete-network' }]);
  });

  test('has nothing left to do once the network is gone', () => {
    const remembered = { ...whole.remembered, networkDeleted: true };
    expect(steps({ ...bare, address: null, remembered })).toEqual([]);
  });
});
