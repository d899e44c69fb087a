import { describe, expect, test } from 'vitest';
import type { NodeMachine, ObservedNode } from '../../../../../src/cluster/model/nodes.ts';
import type { Observation } from '../../../../../src/cluster/model/observation.ts';
import type { Policy } from '../../../../../src/cluster/plan/decision.ts';
import { refreshCertificates, renewCertificates } from '../../../../../src/cluster/plan/rules/renewing.ts';
import { replicaOf, describe as sentence, simulate } from '../../../../../src/cluster/plan/step.ts';
import { withInside } from '../../../../../src/cluster/plan/steps/effects.ts';
import { emptyNode } from '../../../../../src/cluster/plan/steps/node-effects.ts';
import { view } from '../../../../../src/cluster/plan/view.ts';
import type { SeenCertificate } from '../../../../../src/replicas/revision/revision.ts';
import { converged, lines, planFor, powerOff, specOf } from '../../../../support/clusters.ts';
import { certificateOf, emptyRevision } from '../../../../support/revisions.ts';

const spec = specOf(['m0@local-a', 'm1@local-b', 'm2@local-c'], { bootstrapped: true });
const healthy = converged(spec);
const NOW = Date.parse('2026-11-25T00:00:00Z');
const renewing = { revive: false, renew: {} };

function certificate(file: string, begins: string, ends: string, rest: Partial<SeenCertificate> = {}) {
  return certificateOf(file, `${begins}T00:00:00Z`, `${ends}T00:00:00Z`, rest);
}
const young = certificate('apiserver.crt', '2026-11-01', '2027-11-01');
const old = certificate('scheduler.conf', '2026-03-01', '2027-03-01');

function having(lists: Readonly<Record<string, readonly SeenCertificate[]>>): Observation {
  const machines = healthy.machines.map((machine) => {
    const certificates = lists[machine.name] ?? [young];
    const ends = certificates.map(({ notAfter }) => notAfter).sort()[0]!;
    const revision = { ...emptyRevision, certificates };
    const certificateSecondsLeft = (Date.parse(ends) - NOW) / 1000;
    return {
      ...machine,
      inside: { ...machine.inside!, revision, certificateExpires: ends, certificateSecondsLeft },
    };
  });
  return { ...healthy, machines };
}

describe('certificates that are due', () => {
  const all = having({ m0: [old], m1: [old, young], m2: [old] });
  const leader = healthy.etcd.members.find((member) => member.leader)!.name;
  const followers = ['m0', 'm1', 'm2'].filter((name) => name !== leader);

  test('are renewed one replica at a time, who leads etcd last, and those alone', () => {
    expect(lines(planFor(spec, all, renewing))).toEqual(
      [...followers, leader].map((name) => `refresh-certificates ${name} scheduler.conf`),
    );
    expect(lines(planFor(spec, having({ m1: [young, old] }), renewing))).toEqual([
      'refresh-certificates m1 scheduler.conf',
    ]);
  });

  test('are nobody’s unfinished business, and are left alone by who does not renew', () => {
    expect(lines(planFor(spec, all))).toEqual([]);
    expect(lines(planFor(spec, all, { revive: true }))).toEqual([]);
  });

  test('are renewed without a quorum as well', () => {
    const o = having({ m0: [old] });
    const machines = o.machines.map((m) => (m.name === 'm0' ? m : { ...m, inside: null }));
    const lost = { ...powerOff(o, 'm1', 'm2'), machines };
    expect(lines(planFor(spec, lost, { ...renewing, revive: true }))).toContain(
      'refresh-certificates m0 scheduler.conf',
    );
  });

  test('wait for what is unfinished', () => {
    const grown = specOf(['m0@local-a', 'm1@local-b', 'm2@local-c', 'm3@local-a'], { bootstrapped: true });
    const kinds = planFor(grown, all, renewing).steps.map(({ step }) => step.kind);
    const renewals = kinds.filter((kind) => kind === 'refresh-certificates');
    expect(kinds.slice(-3)).toEqual(renewals);
    expect(kinds[0]).toBe('create-machine');
  });

  test('are all that began before a moment, when all are to be new, and never twice', () => {
    const policy = { revive: false, renew: { begunBefore: '2026-11-25T00:00:00Z' } };
    expect(lines(planFor(spec, having({}), policy))).toEqual(
      [...followers, leader].map((name) => `refresh-certificates ${name} apiserver.crt`),
    );
    const after = { revive: false, renew: { begunBefore: '2026-11-01T00:00:00Z' } };
    expect(lines(planFor(spec, having({}), after))).toEqual([]);
  });

  test('of authorities are those for kubelets alone', () => {
    const authority = { authority: true, commonName: 'kubernetes-ca' };
    const ca = certificate('ca.crt', '2016-11-30', '2026-11-30', authority);
    const root = certificate('client-ca.crt', '2026-03-01', '2027-03-01', {
      authority: true,
      commonName: 'kubelet-client-ca',
    });
    expect(lines(planFor(spec, having({ m1: [ca] }), renewing))).toEqual([]);
    expect(lines(planFor(spec, having({ m1: [ca, root] }), renewing))).toEqual([
      'refresh-certificates m1 client-ca.crt',
    ]);
    const all = { revive: false, renew: { begunBefore: '2030-01-01T00:00:00Z' } };
    const young = { ...root, notAfter: '2028-03-01T00:00:00Z' };
    expect(lines(planFor(spec, having({ m0: [young], m1: [young], m2: [young] }), all))).toEqual([]);
  });

  test('that have expired are renewed at once, on all replicas, also by who only renews', () => {
    const gone = certificate('etcd/peer.crt', '2025-11-01', '2026-11-01');
    const o = having({ m0: [gone], m1: [gone], m2: [gone] });
    expect(lines(planFor(spec, o, renewing))).toEqual([
      'renew-certificates m0',
      'renew-certificates m1',
      'renew-certificates m2',
    ]);
  });

  test('that end within the hour are renewed one replica at a time, who leads etcd last: nothing stops for it', () => {
    const ending = {
      ...certificate('etcd/peer.crt', '2025-11-25', '2026-11-25'),
      notAfter: '2026-11-25T00:40:00Z',
    };
    const o = having({ m0: [ending], m1: [ending], m2: [ending] });
    expect(lines(planFor(spec, o, { revive: true }))).toEqual(
      [...followers, leader].map((name) => `refresh-certificates ${name} etcd/peer.crt`),
    );
  });

  test('are made for nobody in whose time they would not be good yet, which is said', () => {
    const behind = (o: Observation, seconds: number) =>
      planFor(spec, withInside(o, followers[0]!, { clockAheadSeconds: -seconds }), renewing);
    const [slow] = followers;
    const gone = certificate('etcd/peer.crt', '2025-11-01', '2026-11-01');
    for (const o of [having({ [slow!]: [old] }), having({ [slow!]: [gone] })]) {
      const { steps, blocked } = behind(o, 7200);
      expect(steps).toEqual([]);
      expect(blocked[0]?.message).toMatch(/clock of m. is 2 h 0 min behind/);
      const told = blocked.filter(({ message }) => message.includes('would not be good yet there'));
      expect(told).toHaveLength(1);
      expect(behind(o, 299).blocked).toEqual([]);
      expect(behind(o, 300).blocked).not.toEqual([]);
    }
  });

  test('are made for the others all the same', () => {
    const [slow, other] = followers;
    const behind = (o: Observation) =>
      lines(planFor(spec, withInside(o, slow!, { clockAheadSeconds: -7200 }), renewing));
    expect(behind(all)).toEqual([other, leader].map((name) => `refresh-certificates ${name} scheduler.conf`));
    const gone = certificate('etcd/peer.crt', '2025-11-01', '2026-11-01');
    expect(behind(having({ m0: [gone], m1: [gone], m2: [gone] })).sort()).toEqual(
      [other, leader].map((name) => `renew-certificates ${name}`).sort(),
    );
  });

  test('are those too that a clock which was ahead has made', () => {
    const unborn = { ...young, notBefore: '2026-11-25T02:00:00Z' };
    expect(lines(planFor(spec, having({ m1: [unborn] }), renewing))).toEqual([
      'refresh-certificates m1 apiserver.crt',
    ]);
  });

  test('of nodes are renewed after those of replicas, side by side, and those of wanted nodes alone', () => {
    const nodes = ['n0', 'n1', 'n2'].map((name) => ({ name, zone: 'local-a' }));
    const begins = '2026-03-01T00:00:00Z';
    const ends = '2027-03-01T00:00:00Z';
    const node = (name: string, secondsLeft: number | null, provisioned = true): NodeMachine => ({
      ...{ name, zone: 'local-a', state: 'running', internalIp: '', externalIp: null },
      inside: {
        ...emptyNode,
        ...{ provisioned, containerd: 'running', kubelet: 'running', kubeProxy: 'running' },
        servingCertificateBegins: begins,
        servingCertificateExpires: ends,
        servingCertificateSecondsLeft: secondsLeft,
      },
    });
    const [late, early, ended] = [100 * 86_400, 200 * 86_400, -5];
    const wanted = { ...spec, nodes, usedNames: [...spec.usedNames, 'n0', 'n1', 'n2', 'left'] };
    const object = (name: string): ObservedNode => ({
      ...{ name, ready: 'ready', problem: null, version: null, podCidr: null, providerId: null },
      ...{ internalIp: null, zone: null, cordoned: false, podsToMove: null },
    });
    const on = (o: Observation, ...machines: NodeMachine[]) => ({
      ...o,
      nodes: { ...o.nodes, machines, objects: machines.map(({ name }) => object(name)) },
    });
    const o = on(having({ m1: [old] }), node('n0', late), node('n1', early), node('n2', ended));
    const left = (policy: Policy, world = o) =>
      lines(planFor(wanted, world, policy)).filter(
        (line) => line.includes('renew') || line.includes('refresh'),
      );
    expect(left(renewing)).toEqual([
      'refresh-certificates m1 scheduler.conf',
      'renew-node n0',
      'renew-node n2',
    ]);
    // One that has not begun yet, a clock that was ahead has made.
    const unborn = (secondsLeft: number) =>
      lines(planFor(wanted, on(having({}), node('n1', secondsLeft)), renewing));
    expect(unborn(366 * 86_400)).toContain('renew-node n1');
    // In whose time a new one would not be good yet, keeps what it has: nobody else waits for that.
    const slow = node('n0', late);
    const behind = on(
      having({}),
      { ...slow, inside: { ...slow.inside!, clockAheadSeconds: -600 } },
      node('n2', late),
    );
    expect(left(renewing, behind)).toEqual(['renew-node n2']);
    expect(planFor(wanted, behind, renewing).blocked).toEqual([]);
    expect(unborn(364 * 86_400)).not.toContain('renew-node n1');
    expect(left({ revive: true })).toEqual([]);
    expect(left({ ...renewing, withoutNodes: true })).toEqual(['refresh-certificates m1 scheduler.conf']);
    const all = { revive: false, renew: { begunBefore: '2026-03-02T00:00:00Z' } };
    expect(left(all)).toEqual([
      'refresh-certificates m1 scheduler.conf',
      ...['renew-node n0', 'renew-node n1', 'renew-node n2'],
    ]);
    const strange = on(having({}), node('left', late), node('n0', late, false), node('n1', null));
    expect(left(renewing, strange)).toEqual([]);
  });

  test('are told by name', () => {
    const step = {
      kind: 'refresh-certificates',
      replica: 'm1',
      files: ['a.crt', 'b.crt', 'c.crt', 'd.crt'],
    } as const;
    expect(sentence(step)).toBe('renew certificates of m1: a.crt, b.crt, c.crt and 1 more');
    expect(simulate(step, healthy)).toEqual(healthy);
  });
});

describe('new certificates', () => {
  const left = (certificateSecondsLeft: number) => withInside(healthy, 'm1', { certificateSecondsLeft });
  const ofReplicas = (o: Observation) =>
    renewCertificates(view(spec, o, renewing)).steps.map((step) => replicaOf(step));
  const ofAll = (o: Observation, wanted = spec) =>
    refreshCertificates(view(wanted, o, renewing)).steps.map((step) =>
      'node' in step ? step.node : step.kind,
    );

  test('are made of everything where nothing tells which are due, and of what has not ended yet one file after the other', () => {
    const kinds = (o: Observation) =>
      renewCertificates(view(spec, o, renewing)).steps.map((step) => step.kind);
    expect(kinds(left(3599))).toEqual(['renew-certificates']);
    const ending = { ...old, notAfter: '2026-11-25T00:00:00Z' };
    expect(kinds(having({ m1: [ending] }))).toEqual(['refresh-certificates']);
    const blind = { ...left(-1), machines: left(-1).machines.map((m) => ({ ...m, inside: null })) };
    expect(kinds(blind)).toEqual([]);
  });

  test('are made at once where less than an hour is left', () => {
    expect(ofReplicas(left(3599))).toEqual(['m1']);
    expect(ofReplicas(left(3600))).toEqual([]);
  });

  test('are made by a repair, and by who renews, and by nobody else', () => {
    const by = (policy: Policy) => renewCertificates(view(spec, left(-1), policy)).steps.length;
    expect([by({ revive: true }), by(renewing), by({ revive: false })]).toEqual([1, 1, 0]);
  });

  test('name the API address, so that none are made before there is one', () => {
    expect(ofReplicas({ ...left(-1), address: null })).toEqual([]);
    expect(ofAll(having({ m1: [old] }))).toEqual(['refresh-certificates']);
    expect(ofAll({ ...having({ m1: [old] }), address: null })).toEqual([]);
  });

  test('are made where everything else is in place', () => {
    expect(ofAll(withInside(having({ m1: [old] }), 'm1', { provisioned: false }))).toEqual([]);
  });

  test('of a node are made where it is wanted, switched on and in place', () => {
    const inside = {
      ...emptyNode,
      provisioned: true,
      servingCertificateBegins: '2026-03-01T00:00:00Z',
      servingCertificateExpires: '2027-03-01T00:00:00Z',
      servingCertificateSecondsLeft: 86_400,
    };
    const node = {
      name: 'n0',
      zone: 'local-a',
      state: 'running',
      internalIp: '',
      externalIp: null,
      inside,
    } as const;
    const wanted = { ...spec, nodes: ['n0', 'n1'].map((name) => ({ name, zone: 'local-a' })) };
    const renewed = (machine: NodeMachine, of = wanted) =>
      ofAll({ ...having({}), nodes: { ...healthy.nodes, machines: [machine] } }, of);
    expect(renewed(node)).toEqual(['n0']);
    expect(renewed({ ...node, name: 'left' })).toEqual([]);
    expect(renewed({ ...node, state: 'stopped' })).toEqual([]);
    expect(renewed({ ...node, inside: null })).toEqual([]);
    expect(renewed({ ...node, inside: { ...inside, provisioned: false } })).toEqual([]);
  });
});
