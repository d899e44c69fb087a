import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canChange, failuresTolerated, quorum } from '../../../src/etcd/quorum.ts';

const voters = fc.integer({ min: 1, max: 51 });

test('quorums and tolerated failures are those of etcd’s own table', () => {
  // etcd documentation, FAQ, "What is failure tolerance?": cluster size, majority, failure tolerance
  const table = [
    [1, 1, 0],
    [2, 2, 0],
    [3, 2, 1],
    [4, 3, 1],
    [5, 3, 2],
    [6, 4, 2],
    [7, 4, 3],
    [8, 5, 3],
    [9, 5, 4],
  ];
  for (const [size, majority, tolerance] of table) {
    expect(quorum(size!)).toBe(majority);
    expect(failuresTolerated(size!, size!)).toBe(tolerance);
  }
});

test('any two quorums of one membership share a voter, and no smaller number has that property', () => {
  fc.assert(
    fc.property(voters, (n) => {
      expect(2 * quorum(n)).toBeGreaterThan(n);
      expect(2 * (quorum(n) - 1)).toBeLessThanOrEqual(n);
    }),
  );
});

test('a quorum before and a quorum after one change share a voter', () => {
  fc.assert(
    fc.property(voters, (n) => {
      expect(quorum(n) + quorum(n + 1)).toBeGreaterThan(n + 1);
    }),
  );
});

test('after as many failures as are tolerated there is still a quorum, after one more there is none', () => {
  fc.assert(
    fc.property(voters, fc.nat(51), (n, down) => {
      const healthy = Math.max(0, n - down);
      const tolerated = failuresTolerated(n, healthy);
      if (healthy >= quorum(n)) expect(healthy - tolerated).toBe(quorum(n));
      else expect(tolerated).toBe(0);
    }),
  );
});

test('a change is allowed exactly when healthy voters are a quorum before it and after it', () => {
  const change = fc
    .record({ before: voters, down: fc.nat(51), add: fc.constantFrom(-1, 0, 1), deadLeaves: fc.boolean() })
    .map(({ before, down, add, deadLeaves }) => {
      const healthyBefore = Math.max(0, before - down);
      const healthyAfter =
        add === 1 ? healthyBefore + 1 : add === -1 && !deadLeaves ? healthyBefore - 1 : healthyBefore;
      return { votersBefore: before, healthyBefore, votersAfter: before + add, healthyAfter };
    });
  fc.assert(
    fc.property(change, (c) => {
      const commits = c.healthyBefore > c.votersBefore / 2;
      const works = c.votersAfter > 0 && c.healthyAfter > c.votersAfter / 2;
      expect(canChange(c)).toBe(commits && works);
    }),
  );
});

test('the cases that people get wrong', () => {
  const change = (votersBefore: number, healthyBefore: number, votersAfter: number, healthyAfter: number) =>
    canChange({ votersBefore, healthyBefore, votersAfter, healthyAfter });
  expect(change(2, 1, 1, 1)).toBe(false); // removing the dead one of two hangs
  expect(change(3, 2, 2, 2)).toBe(true); // removing the dead one of three
  expect(change(3, 2, 2, 1)).toBe(false); // removing a healthy one while another is dead
  expect(change(1, 1, 0, 0)).toBe(false); // the last one
  expect(change(2, 2, 1, 1)).toBe(true);
  expect(change(1, 1, 2, 2)).toBe(true); // a learner that has caught up
  expect(change(1, 1, 2, 1)).toBe(false); // kube-up's way: a voter before its machine is there
});
