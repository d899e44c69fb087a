import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LookFailure } from '../../../../src/cluster/model/look-failure.ts';
import {
  isDead,
  type MachineObservation,
  type Observation,
} from '../../../../src/cluster/model/observation.ts';
import { diagnose, warningsOf } from '../../../../src/cluster/plan/health.ts';
import { next } from '../../../../src/cluster/plan/next.ts';
import { abandoned, withReplacements } from '../../../../src/cluster/plan/spec-changes.ts';
import { statusOf } from '../../../../src/cluster/plan/status.ts';
import { converged, planFor, specOf } from '../../../support/clusters.ts';

const names = ['m0', 'm1', 'm2'];
const spec = specOf(['m0@local-a', 'm1@local-b', 'm2@local-c']);
const healthy = converged(spec);
const NOW = Date.parse('2026-11-25T00:00:00Z');

/** Nobody can look into these; etcd's list is read through the others. */
function unseen(list: readonly string[], met: Partial<MachineObservation> = {}): Observation {
  return {
    ...healthy,
    machines: healthy.machines.map((m) =>
      list.includes(m.name) ? { ...m, inside: null, lookFailure: 'slow' as const, ...met } : m,
    ),
    etcd: {
      ...healthy.etcd,
      members: healthy.etcd.members.map((m) =>
        list.includes(m.name) ? { ...m, healthy: false, leader: false, unseen: true } : m,
      ),
    },
  };
}

/** Nobody can look into any. */
function blind(quorum: 'held' | 'unknown', known = true): Observation {
  const o = unseen(names, {
    lookFailure: 'forbidden',
    words: 'm0 (198.18.0.1): could not look inside: its sshd opens no further session',
  });
  return { ...o, etcd: { readable: false, quorum, members: known ? o.etcd.members : [] } };
}

function everythingSaid(o: Observation): string {
  const { steps, blocked } = next(spec, o, { revive: true });
  const status = statusOf(spec, o, NOW);
  const refused = (() => {
    try {
      return abandoned(spec, o) && '';
    } catch (error) {
      return `${(error as Error).message} ${(error as { advice?: string }).advice}`;
    }
  })();
  return JSON.stringify([steps, blocked, status.warnings, status.unfinished, refused]);
}

describe('what could not be seen is unknown', () => {
  test.each([
    ['held', true],
    ['held', false],
    ['unknown', true],
    ['unknown', false],
  ] as const)('a quorum that is %s is never called lost (members known: %s)', (quorum, known) => {
    const said = everythingSaid(blind(quorum, known));
    expect(said).not.toMatch(/no quorum|lost-quorum|force-new-cluster|dead|replace-replica/);
    expect(said).toContain('no further session');
    expect(statusOf(spec, blind(quorum, known), NOW).etcd.quorumIs).toBe(quorum);
  });

  test('a replica that is to come is no "nothing to do" when nobody can say who the members are', () => {
    const grown = specOf(['m0', 'm1', 'm2', 'm3']);
    for (const quorum of ['held', 'unknown'] as const) {
      const plan = planFor(grown, blind(quorum, false));
      expect([plan.steps, plan.blocked.length]).toEqual([[], 1]);
    }
  });

  test('a leaver that could not be seen is neither removed nor deleted, and keeps its place as a target', () => {
    const replaced = withReplacements(spec, ['m1'], () => 'm3');
    const plan = planFor(replaced, unseen(['m1']));
    const kinds = plan.steps.map(({ step }) => step.kind);
    expect(kinds).not.toContain('remove-member');
    expect(kinds).not.toContain('delete-machine');
    expect(plan.blocked[0]!.message).toContain('cannot tell whether it lives');
    expect(plan.end.balancer!.targets.map((target) => target.replica)).toContain('m1');
  });

  test('nobody joins beside a voter that could not be seen', () => {
    const grown = specOf(['m0', 'm1', 'm2', 'm3']);
    const plan = planFor(grown, unseen(['m1']));
    expect(plan.steps.map(({ step }) => step.kind)).not.toContain('add-learner');
    expect(plan.blocked[0]).toMatchObject({
      passing: true,
      advice: [{ command: 'status' }, expect.any(String)],
    });
  });

  test("a machine's own words are the verdict, also in JSON", () => {
    const words =
      'm1 (198.18.0.3): could not look inside: WARNING: Your password has expired. Password change required but no TTY available.';
    const o = unseen(['m1'], { lookFailure: 'not-run', words });
    expect(diagnose(o, 'm1')).toMatch(/says: WARNING: Your password has expired/);
    expect(warningsOf(spec, o, NOW).join()).not.toMatch(/frozen|dead/);
    const [, m1] = statusOf(spec, o, NOW).replicas;
    expect(m1!.unseen).toContain('Your password has expired');
    expect(m1!.etcd).toMatchObject({ healthy: false, unknown: true });
  });

  test('whatever is not seen, nothing is removed because of it', () => {
    const lookFailure = fc.constantFrom<LookFailure>(
      'nothing',
      'no-sshd',
      'no-greeting',
      'slow',
      'no-entry',
      'not-run',
      'forbidden',
      'no-answer',
      'unknown',
    );
    fc.assert(
      fc.property(
        fc.subarray(names),
        lookFailure,
        fc.constantFrom('held', 'unknown', 'readable'),
        fc.boolean(),
        fc.boolean(),
        fc.string(),
        (hidden, met, quorum, known, revive, words) => {
          const seen = unseen(hidden, { lookFailure: met, words });
          const o: Observation =
            quorum === 'readable'
              ? seen
              : {
                  ...seen,
                  etcd: {
                    readable: false,
                    quorum: quorum as 'held',
                    members: known ? seen.etcd.members : [],
                  },
                };
          const plan = planFor(spec, o, { revive });
          for (const { step } of plan.steps) {
            expect(['remove-member', 'delete-machine', 'create-machine', 'hand-over']).not.toContain(
              step.kind,
            );
          }
          const said = JSON.stringify([plan.blocked, statusOf(spec, o, NOW)]);
          expect(said).not.toMatch(/no quorum|lost-quorum|is dead/);
          expect(
            o.etcd.members
              .filter(isDead)
              .map((m) => m.name)
              .filter((name) => hidden.includes(name)),
          ).toEqual([]);
        },
      ),
      { numRuns: 5_000 },
    );
  });
});
