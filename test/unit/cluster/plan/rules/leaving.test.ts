import { describe, expect, test } from 'vitest';
import { nothing, type Observation } from '../../../../../src/cluster/model/observation.ts';
import type { Decision } from '../../../../../src/cluster/plan/decision.ts';
import { removeOrphans } from '../../../../../src/cluster/plan/rules/leaving.ts';
import { withInside, withMachine, withMember } from '../../../../../src/cluster/plan/steps/effects.ts';
import { view } from '../../../../../src/cluster/plan/view.ts';
import { converged, powerOff, specOf } from '../../../../support/clusters.ts';

const ALL = ['m0@local-a', 'm1@local-b', 'm2@local-c', 'm3@local-a', 'm4@local-b'];
const spec = specOf(ALL.slice(0, 3));
/** Beside the three is m3, which leaves; it is no target any more. */
const four = targeting(converged(specOf(ALL.slice(0, 4))), 'm0', 'm1', 'm2');
const nothingYet = { steps: [], blocked: [] };

function leave(o: Observation, wanted = spec): Decision {
  return removeOrphans(view(wanted, o, { revive: false }));
}
function targeting(o: Observation, ...names: string[]): Observation {
  const targets = names.map((replica) => ({ replica, health: 'healthy' as const }));
  return { ...o, balancer: { ...o.balancer!, targets } };
}
/** A machine that etcd does not know. */
function stray(o: Observation, name: string): Observation {
  return withMachine(o, { ...four.machines[0]!, name });
}

describe('a machine that nobody wants', () => {
  test('is deleted, also before there is an etcd to ask or an address to hold', () => {
    expect(leave(stray(converged(spec), 'm9')).steps).toEqual([{ kind: 'delete-machine', replica: 'm9' }]);
    expect(leave(stray(nothing, 'm9')).steps).toEqual([{ kind: 'delete-machine', replica: 'm9' }]);
  });

  test('stays while etcd cannot be asked: it may be a voter', () => {
    expect(leave({ ...four, etcd: { readable: false, members: [] } })).toEqual(nothingYet);
  });

  test('stays while it holds the API address', () => {
    const holding = (name: string): Observation => ({
      ...stray(converged(spec), 'm9'),
      address: { ip: '198.18.0.10', holder: { kind: 'machine', name } },
    });
    expect(leave(holding('m9'))).toEqual(nothingYet);
    expect(leave(holding('m0')).steps).toEqual([{ kind: 'delete-machine', replica: 'm9' }]);
  });
});

describe('a replica that leaves', () => {
  test('stops step by step, and gives its vote back last', () => {
    expect(leave(four).steps).toEqual([{ kind: 'stop-controllers', replica: 'm3' }]);
    const quiet = withInside(four, 'm3', { controllers: 'disabled' });
    expect(leave(quiet).steps).toEqual([{ kind: 'stop-api-server', replica: 'm3' }]);
    const silent = withInside(quiet, 'm3', { apiServer: 'disabled' });
    expect(leave(silent).steps).toEqual([{ kind: 'remove-member', replica: 'm3', member: 'planned-m3' }]);
  });

  test('and cannot be looked into though its etcd is healthy, leaves without stopping first', () => {
    const machines = four.machines.map((m) => (m.name === 'm3' ? { ...m, inside: null } : m));
    expect(leave({ ...four, machines }).steps).toEqual([
      { kind: 'remove-member', replica: 'm3', member: 'planned-m3' },
    ]);
  });

  test('stops nothing while one that comes has no vote yet', () => {
    expect(leave(four, specOf([...ALL.slice(0, 3), 'm5@local-a']))).toEqual(nothingYet);
  });

  test('stops nothing while another that leaves is still a target', () => {
    const five = converged(specOf(ALL));
    expect(leave(targeting(five, 'm0', 'm1', 'm2', 'm3'))).toEqual(nothingYet);
    expect(leave(targeting(five, 'm0', 'm1', 'm2')).steps).toHaveLength(2);
  });

  test('is not called gone while nobody else serves: it waits for those who stay', () => {
    const unready = ['m0', 'm1', 'm2'].reduce(
      (o, name) => withInside(o, name, { apiServer: 'unready' }),
      four,
    );
    for (const o of [unready, targeting(unready, 'm0', 'm1', 'm2', 'm3')])
      expect(leave(o)).toMatchObject({
        steps: [],
        blocked: [
          { message: expect.stringMatching(/^m3 stays until m0, m1, m2 wholly work/), passing: true },
        ],
      });
  });

  test('as a learner has nothing that could be stopped', () => {
    expect(leave(withMember(four, 'm3', { learner: true }))).toEqual(nothingYet);
  });

  test('does not wait for who stays and is dead', () => {
    expect(leave(powerOff(four, 'm1'))).toEqual({
      steps: [{ kind: 'stop-controllers', replica: 'm3' }],
      blocked: [],
    });
  });

  test('waits for who stays and only half works, and says for whom', () => {
    const halves = [{ apiServer: 'unready' }, { controllers: 'stopped' }] as const;
    for (const half of halves) {
      const { steps, blocked } = leave(withInside(four, 'm1', half));
      expect(steps).toEqual([]);
      expect(blocked[0]).toMatchObject({
        message: expect.stringMatching(/^m3 stays until m1 wholly works:/),
        passing: true,
      });
    }
    const two = withInside(withInside(four, 'm1', halves[0]), 'm2', halves[1]);
    expect(leave(two).blocked[0]!.message).toMatch(/^m3 stays until m1, m2 wholly work:/);
  });
});
