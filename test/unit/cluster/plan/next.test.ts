import { describe, expect, test } from 'vitest';
import type { MemberObservation, Observation } from '../../../../src/cluster/model/observation.ts';
import { next } from '../../../../src/cluster/plan/next.ts';
import type { Step } from '../../../../src/cluster/plan/step.ts';
import { emptyInside } from '../../../../src/cluster/plan/steps/effects.ts';
import { converged, powerOff, specOf } from '../../../support/clusters.ts';

const usedNames = ['m0', 'm1', 'm2', 'zzz'];
const spec = specOf(['m0@local-a', 'm1@local-b', 'm2@local-c'], { usedNames });
const healthy = converged(spec);

function member(name: string, flags: Partial<MemberObservation> = {}): MemberObservation {
  return { id: `id-${name}`, name, learner: false, started: true, healthy: true, leader: false, ...flags };
}

function withMember(o: Observation, added: MemberObservation): Observation {
  const members = [...o.etcd.members.filter((m) => m.name !== added.name), added];
  return { ...o, etcd: { ...o.etcd, members } };
}

function withoutMachine(o: Observation, name: string): Observation {
  return { ...o, machines: o.machines.filter((machine) => machine.name !== name) };
}

function kinds(o: Observation, wanted = spec): string[] {
  return next(wanted, o).steps.map((step: Step) => {
    if (step.kind === 'hand-over')
      return `hand-over ${step.to.kind === 'machine' ? step.to.name : 'balancer'}`;
    return 'replica' in step ? `${step.kind} ${step.replica}` : step.kind;
  });
}

describe('what may be done next', () => {
  test('is nothing when all is as it should be, and still nothing when a voter has died: that is unhealthy, not unfinished', () => {
    expect(next(spec, healthy)).toEqual({ steps: [], blocked: [] });
    expect(next(spec, powerOff(healthy, 'm1'))).toEqual({ steps: [], blocked: [] });
    expect(next(spec, powerOff(healthy, 'm1', 'm2'))).toEqual({ steps: [], blocked: [] });
  });

  test('is nothing of what nodes lack, where they are to be left as they are', () => {
    const wanted = { ...spec, nodes: [{ name: 'n0', zone: 'local-a' }], usedNames: [...usedNames, 'n0'] };
    expect(next(wanted, healthy).steps).toMatchObject([{ kind: 'create-node' }]);
    expect(next(wanted, healthy, { revive: false, withoutNodes: true }).steps).toEqual([]);
  });

  test('is to mend the network before anything else: nothing can be seen without it', () => {
    expect(kinds({ ...healthy, network: false })).toEqual(['ensure-network']);
  });

  test('is to remove a member that never started and whose address is nobody’s', () => {
    const stranger = { ...member('member-7', { started: false, healthy: false }), id: '7' };
    expect(kinds(withMember(healthy, stranger))).toEqual(['remove-member member-7']);
  });

  test('is to remove a learner whose machine is gone, though it is wanted', () => {
    const o = withMember(withoutMachine(healthy, 'm2'), member('m2', { learner: true, healthy: false }));
    expect(kinds(o)).toContain('remove-member m2');
    expect(kinds(o)).not.toContain('create-machine m2');
  });

  test('is to start the member that never started on a machine that is ready, whatever runs there now', () => {
    const o = withMember(healthy, member('m2', { learner: true, started: false, healthy: false }));
    expect(kinds(o)).toEqual(['start-etcd m2', 'set-targets']);
  });

  test('is never to promote a learner whose etcd stands still: it is started first', () => {
    const machines = healthy.machines.map((m) =>
      m.name === 'm2' ? { ...m, inside: { ...m.inside!, etcd: 'stopped' as const } } : m,
    );
    const o = withMember({ ...healthy, machines }, member('m2', { learner: true, healthy: false }));
    expect(kinds(o)).toEqual(['start-etcd m2', 'set-targets']);
  });

  test('is never a new machine for a voter whose machine was lost: its data was lost with it', () => {
    expect(kinds(withoutMachine(powerOff(healthy, 'm1'), 'm1'))).not.toContain('create-machine m1');
  });

  test('is never to provision an emptied disk while etcd cannot be read: it may have been a voter', () => {
    const machines = healthy.machines.map((m) => (m.name === 'm1' ? { ...m, inside: emptyInside } : m));
    const o = { ...healthy, machines, etcd: { readable: false, members: [] } };
    expect(kinds(o)).toEqual([]);
  });

  test('is to put the DNS name of the balancer that has the address on every certificate that can be reached', () => {
    const dnsName = 'Demo-1.elb.example.com';
    const names = (o: Observation, name: string, certificateNames: readonly string[]): Observation => ({
      ...o,
      machines: o.machines.map((m) =>
        m.name === name ? { ...m, inside: { ...m.inside!, certificateNames } } : m,
      ),
    });
    const anew = { ...healthy, balancer: { ...healthy.balancer!, dnsName } };
    const before = names(anew, 'm1', ['demo-0.elb.example.com']);
    expect(kinds(powerOff(before, 'm2'))).toEqual(['name-balancer m0', 'name-balancer m1']);
    const two = names(names(before, 'm0', [dnsName.toLowerCase()]), 'm1', [dnsName.toLowerCase()]);
    expect(kinds(powerOff(two, 'm2'))).toEqual([]);
    // It was dead when the others were named, and is back.
    expect(kinds(two)).toEqual(['name-balancer m2']);
    expect(kinds(names(two, 'm2', [dnsName.toLowerCase()]))).toEqual([]);
  });

  test('is to delete a machine that nobody ordered, once it is no target any more', () => {
    const orphan = { ...healthy.machines[0]!, name: 'zzz', inside: null };
    const o = { ...healthy, machines: [...healthy.machines, orphan] };
    expect(kinds(o)).toEqual(['delete-machine zzz']);
    const target = { replica: 'zzz', health: 'healthy' as const };
    const balancer = { ...healthy.balancer!, targets: [...healthy.balancer!.targets, target] };
    expect(kinds({ ...o, balancer })).toEqual(['set-targets']);
  });

  test('is to build the load balancer anew and to give it the address that nobody holds', () => {
    const lost = {
      ...healthy,
      balancer: null,
      address: { ip: '198.18.0.10', holder: { kind: 'nobody' as const } },
    };
    expect(kinds(lost)).toEqual(['ensure-balancer']);
    expect(kinds({ ...lost, balancer: healthy.balancer })).toEqual(['hand-over balancer']);
  });

  test('is, while nobody has the address and nobody serves, to wait for somebody who does: that is not well', () => {
    const unready = healthy.machines.map((m) => ({
      ...m,
      inside: { ...m.inside!, apiServer: 'unready' as const },
    }));
    const nobody = { ip: '198.18.0.10', holder: { kind: 'nobody' as const } };
    for (const wanted of [spec, specOf(['m0@local-a'])]) {
      const { machines } = converged(wanted);
      const o = { ...converged(wanted), machines: unready.slice(0, machines.length), address: nobody };
      const { steps, blocked } = next(wanted, o);
      expect(steps).toEqual([]);
      expect(blocked).toEqual([
        expect.objectContaining({ passing: true, message: expect.stringMatching(/nobody holds/) }),
      ]);
    }
  });

  test('does not take the last target away from clients because nobody is ready', () => {
    const machines = healthy.machines.map((m) => ({
      ...m,
      inside: { ...m.inside!, apiServer: 'unready' as const },
    }));
    expect(kinds({ ...healthy, machines })).toEqual([]);
  });

  test('is, of a repair without a quorum, a refusal that says where to read on', () => {
    const gone = withoutMachine(withoutMachine(powerOff(healthy, 'm1', 'm2'), 'm1'), 'm2');
    const { steps, blocked } = next(spec, gone, { revive: true });
    expect(steps).toEqual([]);
    expect(blocked[0]).toMatchObject({
      passing: false,
      advice: [expect.stringContaining('lost-quorum.md'), { command: 'rescue' }],
    });
    const electing = { ...healthy, etcd: { ...healthy.etcd, readable: false } };
    expect(next(spec, electing, { revive: true }).blocked[0]!.passing).toBe(true);
  });

  describe('when two of three leave', () => {
    const one = specOf(['m0@local-a'], { usedNames });
    const apart = (o: Observation, name: string, apiServer: 'ready' | 'unready'): Observation => ({
      ...o,
      machines: o.machines.map((m) => (m.name === name ? { ...m, inside: { ...m.inside!, apiServer } } : m)),
    });

    test('is to stop nothing while the address is still at the balancer, which stands before them', () => {
      expect(kinds(healthy, one)).toEqual(['hand-over m0']);
    });

    test('is to stop nothing while the one that stays, which has the address, does not serve', () => {
      const held = {
        ...healthy,
        address: { ip: '198.18.0.10', holder: { kind: 'machine', name: 'm0' } },
      } as const;
      expect(kinds(held, one)).toEqual(['stop-controllers m1', 'stop-controllers m2']);
      expect(kinds(apart(held, 'm0', 'unready'), one)).toEqual([]);
    });
  });

  test('is not to let one of two newcomers vote before the other has caught up: two voters tolerate nothing', () => {
    const founder = converged(specOf(['m0@local-a']));
    const [m1, m2] = healthy.machines.slice(1).map((m) => ({
      ...m,
      inside: { ...m.inside!, apiServer: 'disabled' as const, controllers: 'disabled' as const },
    }));
    const learning = member('m1', { learner: true });
    const o = withMember({ ...founder, machines: [...founder.machines, m1!, m2!] }, learning);
    const membership = (seen: Observation): string[] =>
      kinds(seen).filter((kind) => /learner|promote/.test(kind));
    const booting = { ...o, machines: o.machines.map((m) => (m.name === 'm2' ? { ...m, inside: null } : m)) };
    expect(membership(booting)).toEqual([]);
    expect(membership(o)).toEqual(['add-learner m2']);
    expect(membership(withMember(o, member('m2', { learner: true })))).toEqual(['promote m1']);
  });

  test('is nothing, and no refusal, while nobody can say who etcd’s members are and nothing is asked for', () => {
    const nobodySays = { ...powerOff(healthy, 'm0', 'm1', 'm2'), etcd: { readable: false, members: [] } };
    expect(next(spec, nobodySays)).toEqual({ steps: [], blocked: [] });
  });

  test('is to wait for every target to be found healthy before the address goes to the balancer', () => {
    const held = {
      ...healthy,
      address: { ip: '198.18.0.10', holder: { kind: 'machine', name: 'm0' } },
    } as const;
    expect(kinds(held)).toEqual(['hand-over balancer']);
    const [first, ...others] = healthy.balancer!.targets;
    const targets = [first!, ...others.map((target) => ({ ...target, health: 'unhealthy' as const }))];
    expect(kinds({ ...held, balancer: { ...healthy.balancer!, targets } })).toEqual(['set-targets']);
  });
});
