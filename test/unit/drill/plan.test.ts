import { describe, expect, test } from 'vitest';
import type { Observation } from '../../../src/cluster/model/observation.ts';
import type { ClusterSpec } from '../../../src/cluster/model/spec.ts';
import {
  withNodeInside,
  withNodeMachine,
  withNodeObject,
} from '../../../src/cluster/plan/steps/node-effects.ts';
import { actNames } from '../../../src/drill/acts.ts';
import { type Means, planAct, planDrill } from '../../../src/drill/plan.ts';
import { survives } from '../../../src/drill/survives.ts';
import { ills } from '../../../src/drill/well.ts';
import { converged, planFor, powerOff, specOf } from '../../support/clusters.ts';

const local: Means = { provider: 'local', power: true, machines: true, balancer: true };
const three = specOf(['m0@local-a', 'm1@local-b', 'm2@local-c']);

/** Three masters in three zones, and nodes in these. */
function specWith(...zones: string[]): ClusterSpec {
  const nodes = zones.map((zone, index) => ({ name: `n${index}`, zone }));
  return { ...three, nodes, usedNames: [...three.usedNames, ...nodes.map(({ name }) => name)] };
}

/** It has converged, and its nodes have joined. */
function withNodes(spec: ClusterSpec): Observation {
  const masters = converged({ ...spec, nodes: [] });
  const nodes = { ...masters.nodes, routes: [], serviceNodes: [], objects: [] };
  return planFor(spec, { ...masters, nodes }).end;
}

function refusals(replicas: readonly string[], means = local): Record<string, string | null> {
  const planned = planDrill(actNames, converged(specOf(replicas)), means);
  return Object.fromEntries(planned.map(({ act, refused }) => [act, refused]));
}

describe('the plan of a drill', () => {
  test('plays every act on three replicas in three zones, and says whom it hits', () => {
    const planned = planDrill(actNames, converged(three), local);
    expect(planned.filter(({ refused }) => refused !== null)).toEqual([]);
    const hits = Object.fromEntries(planned.map(({ act, wounds }) => [act, wounds.map((w) => w.machine)]));
    expect(hits).toEqual({
      'api-server': ['m0'],
      'follower-power': ['m2'],
      'leader-power': ['m0'],
      reset: ['m0'],
      freeze: ['m0'],
      isolation: ['m2'],
      zone: ['m0'],
      balancer: [null],
    });
    expect(planned.find(({ act }) => act === 'zone')!.during).toMatchObject({ healthy: 2, quorum: 2 });
  });

  test('refuses what takes a machine of two, and allows what leaves both their etcd', () => {
    const said = refusals(['m0@local-a', 'm1@local-b']);
    for (const act of ['follower-power', 'leader-power', 'reset', 'freeze', 'isolation', 'zone'])
      expect(said[act]).toMatch(/1 healthy voters of 2, and needs 2/);
    expect(said['api-server']).toBeNull();
    expect(said.balancer).toBeNull();
  });

  test('refuses everything on one replica: nobody else serves', () => {
    for (const reason of Object.values(refusals(['m0']))) expect(reason).not.toBeNull();
    expect(refusals(['m0'])['api-server']).toMatch(/no load balancer/);
  });

  test('refuses to take a second of three while one is dead', () => {
    const thin = powerOff(converged(three), 'm2');
    expect(planAct('follower-power', thin, local).refused).toMatch(/1 healthy voters of 3/);
    expect(planAct('api-server', thin, local).refused).toBeNull();
  });

  test('refuses the API server of one whose only other has none', () => {
    const o = converged(three);
    const machines = o.machines.map((m) =>
      m.name === 'm0' || !m.inside ? m : { ...m, inside: { ...m.inside, apiServer: 'unready' as const } },
    );
    expect(planAct('api-server', { ...o, machines }, local).refused).toBe(
      'no API server would be left to serve',
    );
  });

  test('takes no zone that holds all, and of several zones one that can be done without', () => {
    expect(refusals(['m0', 'm1', 'm2']).zone).toMatch(/0 healthy voters of 3/);
    const lopsided = converged(specOf(['m0@local-a', 'm1@local-a', 'm2@local-b']));
    expect(planAct('zone', lopsided, local)).toMatchObject({
      refused: null,
      wounds: [{ blow: 'power-off', machine: 'm2' }],
    });
    const five = converged(specOf(['m0@local-a', 'm1@local-a', 'm2@local-b', 'm3@local-b', 'm4@local-c']));
    expect(planAct('zone', five, local).wounds.map(({ machine }) => machine)).toEqual(['m0', 'm1']);
  });

  test('takes the nodes of a zone with its masters, and leaves some for pods to run on', () => {
    const hit = (...zones: string[]) =>
      planAct('zone', withNodes(specWith(...zones)), local).wounds.map(({ machine }) => machine);
    expect(hit('local-a', 'local-b')).toEqual(['m0', 'n0']);
    // The leader's zone has them all: another one is taken.
    expect(hit('local-a', 'local-a')).toEqual(['m1']);
    const o = withNodes(specWith('local-a'));
    const wounds = ['m0', 'n0'].map((machine) => ({ blow: 'power-off' as const, machine }));
    expect(survives(o, wounds).reason).toBe('no node would be left for pods to run on');
    expect(survives(o, wounds.slice(0, 1)).reason).toBeNull();
    const dead = withNodeMachine(withNodes(specWith('local-a', 'local-b')), 'n1', { state: 'stopped' });
    expect(survives(dead, wounds).reason).toBe('no node would be left for pods to run on');
  });

  test('refuses plainly what a provider cannot do', () => {
    const said = refusals(['m0@local-a', 'm1@local-b', 'm2@local-c'], {
      provider: 'gce',
      power: true,
      machines: false,
      balancer: false,
    });
    expect(said.freeze).toBe('haup cannot do this on gce yet');
    expect(said.balancer).toBe('haup cannot do this on gce yet');
    for (const act of ['api-server', 'follower-power', 'leader-power', 'reset', 'zone'])
      expect(said[act]).toBeNull();
  });
});

describe('a cluster', () => {
  test('is well when nothing is wrong, also while a drill has a namespace', () => {
    const o = converged(three);
    expect(ills(three, o)).toEqual([]);
    const drilled = {
      ...o,
      remembered: { ...o.remembered, drill: { namespace: 'haup-drill-1', wounds: [] } },
    };
    expect(ills(three, drilled)).toEqual([]);
  });

  test('is ill with a dead machine, a target that is not healthy, or something left to do', () => {
    const o = converged(three);
    expect(ills(three, powerOff(o, 'm1'))[0]).toMatch(/m1/);
    const targets = o.balancer!.targets.map((t) => ({ ...t, health: 'unhealthy' as const }));
    expect(ills(three, { ...o, balancer: { ...o.balancer!, targets } })).toContain(
      'the load balancer does not find m0 healthy',
    );
    expect(ills(specOf(['m0@local-a', 'm1@local-b', 'm2@local-c', 'm3@local-a']), o).join()).toMatch(/m3/);
  });

  test('is ill with a node that does not run, cannot be seen, or is not ready, whatever the API still says of it', () => {
    const spec = specWith('local-a');
    const o = withNodes(spec);
    expect(ills(spec, o)).toEqual([]);
    expect(ills(spec, withNodeMachine(o, 'n0', { state: 'stopped' }))).toContain(
      'the machine n0 does not run',
    );
    expect(ills(spec, withNodeMachine(o, 'n0', { inside: null }))).toContain('n0 cannot be looked into');
    expect(ills(spec, withNodeInside(o, 'n0', { kubelet: 'stopped' }))).toContain(
      'the kubelet on n0 does not run',
    );
    const unready = withNodeObject(o, 'n0', { ready: 'unready', problem: 'no network' });
    expect(ills(spec, unready)).toEqual(['the node n0 is not ready: no network']);
  });
});
