import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isMasterName } from '../../../src/cluster/model/names.ts';
import { newNodeName } from '../../../src/nodes/names.ts';
import { firstReplicaName, newReplicaName } from '../../../src/replicas/names.ts';

describe('replica names', () => {
  test('the first is <cluster>-master, as kube-up had it', () => {
    expect(firstReplicaName('demo')).toBe('demo-master');
    expect(newReplicaName('demo', [])).toBe('demo-master');
  });

  test('later ones have three random lower-case letters or digits', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(35), { minLength: 3, maxLength: 3 }), (digits) => {
        let next = 0;
        const name = newReplicaName('demo', ['demo-master'], () => digits[next++ % 3]!);
        expect(name).toMatch(/^demo-master-[a-z0-9]{3}$/);
      }),
    );
  });

  test('are told from the names of nodes, for which nobody takes them', () => {
    const masters = [firstReplicaName('demo'), newReplicaName('demo', ['demo-master'])];
    expect(masters.map((name) => isMasterName('demo', name))).toEqual([true, true]);
    expect(isMasterName('demo', newNodeName('demo', []))).toBe(false);
    expect(isMasterName('demo', 'demo-masterful')).toBe(false);
  });

  test('a used name is never given again, not even when the dice show it', () => {
    const rolls = [0, 0, 0, 0, 0, 1];
    const name = newReplicaName('demo', ['demo-master', 'demo-master-aaa'], () => rolls.shift()!);
    expect(name).toBe('demo-master-aab');
  });

  test('the first name is not given again either, when all replicas but the first are gone', () => {
    expect(newReplicaName('demo', ['demo-master'])).not.toBe('demo-master');
  });

  test('it says so when no name is left, rather than trying for ever', () => {
    expect(() => newReplicaName('demo', ['demo-master', 'demo-master-aaa'], () => 0)).toThrow(
      'no name is left that begins with demo-master',
    );
  });
});
