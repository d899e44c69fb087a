import type { Target } from '../../providers/provider.ts';
import type { Inside } from '../../replicas/inspect.ts';
import {
  type MachineObservation,
  type MemberObservation,
  machineOf,
  type Observation,
} from '../model/observation.ts';
import type { Step } from '../model/step.ts';

/** A disk on which nothing has been done yet. */
export const emptyInside: Inside = {
  provisioned: false,
  etcdData: false,
  etcd: 'disabled',
  apiServer: 'disabled',
  controllers: 'disabled',
  certificateExpires: null,
  certificateNames: [],
};

/** The observation after the step, had it succeeded: the twin of `execute`, and what plans are made of. Pure. */
export function simulate(step: Step, o: Observation): Observation {
  switch (step.kind) {
    case 'ensure-network':
      return { ...o, network: true };
    case 'reserve-address':
      return { ...o, address: { ip: '(to be reserved)', holder: { kind: 'nobody' } } };
    case 'create-machine':
      return { ...o, machines: [...o.machines, newMachine(step.replica, step.zone)] };
    case 'start-machine':
      return started(o, step.replica);
    case 'provision':
      return inside(o, step.replica, { provisioned: true, certificateNames: names(o) });
    case 'bootstrap-etcd': {
      const first = newMember(step.replica, { learner: false, started: true, healthy: true, leader: true });
      const after = inside(o, step.replica, { etcd: 'running', etcdData: true });
      return { ...after, bootstrapped: true, etcd: { readable: true, members: [first] } };
    }
    case 'add-learner': {
      const learner = newMember(step.replica, {
        learner: true,
        started: false,
        healthy: false,
        leader: false,
      });
      return members(o, [...o.etcd.members, learner]);
    }
    case 'start-etcd': {
      const after = inside(o, step.replica, { etcd: 'running', etcdData: true });
      return member(after, step.replica, { started: true, healthy: true });
    }
    case 'restart-etcd':
      return revived(inside(o, step.replica, { etcd: 'running' }), step.replica);
    case 'promote':
      return member(o, step.replica, { learner: false, healthy: true });
    case 'move-leader':
      return withLeader(o, (m) => m.name === step.to);
    case 'remove-member': {
      const after = o.etcd.members.some((m) => m.id === step.member && m.leader)
        ? withLeader(o, (m) => m.id !== step.member)
        : o;
      return members(
        after,
        after.etcd.members.filter((m) => m.id !== step.member),
      );
    }
    case 'start-control-plane':
      return inside(o, step.replica, { apiServer: 'ready', controllers: 'running' });
    case 'stop-controllers':
      return inside(o, step.replica, { controllers: 'disabled' });
    case 'stop-api-server':
      return inside(o, step.replica, { apiServer: 'disabled' });
    case 'name-balancer':
      return inside(o, step.replica, { certificateNames: names(o) });
    case 'ensure-balancer':
      return { ...o, balancer: { name: '', dnsName: null, targets: [], ...o.balancer, complete: true } };
    case 'set-targets':
      return o.balancer
        ? { ...o, balancer: { ...o.balancer, targets: step.targets.map((t) => target(o, t)) } }
        : o;
    case 'hand-over': {
      const holder =
        step.replica === null
          ? { kind: 'balancer' as const }
          : { kind: 'machine' as const, name: step.replica };
      const after = o.address ? { ...o, address: { ip: o.address.ip, holder } } : o;
      return step.replica === null ? named(after) : after;
    }
    case 'delete-balancer':
      return { ...o, balancer: null, address: freed(o, 'balancer', null) };
    case 'delete-machine':
      return {
        ...o,
        machines: o.machines.filter((machine) => machine.name !== step.replica),
        address: freed(o, 'machine', step.replica),
      };
    case 'release-address':
      return { ...o, address: null };
    case 'delete-network':
      return { ...o, network: false, deleted: true };
  }
}

/** Of what certificates say, only this is looked at. */
function names({ balancer }: Observation): readonly string[] {
  return balancer?.dnsName ? [balancer.dnsName.toLowerCase()] : [];
}

/** The balancer's name is put on the certificates of all targets before it gets the address. */
function named(o: Observation): Observation {
  const targets = o.balancer?.targets ?? [];
  return targets
    .filter(({ replica }) => machineOf(o, replica)?.inside)
    .reduce((after, { replica }) => inside(after, replica, { certificateNames: names(o) }), o);
}

function newMachine(name: string, zone: string): MachineObservation {
  return { name, zone, state: 'running', internalIp: '', externalIp: null, inside: emptyInside };
}

/** `planned-…` cannot be mistaken for an id of etcd's. */
function newMember(name: string, flags: Omit<MemberObservation, 'id' | 'name'>): MemberObservation {
  return { id: `planned-${name}`, name, ...flags };
}

/** What systemd starts again by itself: the units that were enabled. */
function started(o: Observation, name: string): Observation {
  const machines = o.machines.map((machine): MachineObservation => {
    if (machine.name !== name) return machine;
    const was = machine.inside ?? stoppedReplica(o, name);
    return {
      ...machine,
      state: 'running',
      inside: {
        ...was,
        etcd: was.etcd === 'disabled' ? 'disabled' : 'running',
        apiServer: was.apiServer === 'disabled' ? 'disabled' : 'ready',
        controllers: was.controllers === 'disabled' ? 'disabled' : 'running',
      },
    };
  });
  return revived({ ...o, machines }, name);
}

/** A voter that runs again: with a majority there is a leader, and whoever only lacked one is healthy again too. */
function revived(o: Observation, name: string): Observation {
  const after = member(o, name, { healthy: true });
  const waits = (m: MemberObservation): boolean =>
    !after.etcd.readable && machineOf(after, m.name)?.inside?.etcd === 'running';
  const able = after.etcd.members.filter((m) => !m.learner && (m.healthy || waits(m)));
  const elects = able.length * 2 > voters(after);
  const leader = able.find((m) => m.leader) ?? able[0];
  const list = after.etcd.members.map((m) => ({
    ...m,
    healthy: m.healthy || (elects && waits(m)),
    leader: elects && m === leader,
  }));
  return { ...after, etcd: { readable: elects || after.etcd.readable, members: list } };
}

/** Nothing can be seen of a stopped machine's disk: a voter is taken to have been complete, anything else to be empty. */
function stoppedReplica(o: Observation, name: string): Inside {
  const voter = o.etcd.members.some((m) => m.name === name && !m.learner);
  if (!voter) return emptyInside;
  return {
    certificateNames: names(o),
    provisioned: true,
    etcdData: true,
    etcd: 'running',
    apiServer: 'ready',
    controllers: 'running',
    certificateExpires: null,
  };
}

function voters(o: Observation): number {
  return o.etcd.members.filter((m) => !m.learner).length;
}

function inside(o: Observation, name: string, change: Partial<Inside>): Observation {
  return {
    ...o,
    machines: o.machines.map((machine) =>
      machine.name === name
        ? { ...machine, inside: { ...(machine.inside ?? emptyInside), ...change } }
        : machine,
    ),
  };
}

function members(o: Observation, list: readonly MemberObservation[]): Observation {
  return { ...o, etcd: { ...o.etcd, members: list } };
}

function member(o: Observation, name: string, change: Partial<MemberObservation>): Observation {
  return members(
    o,
    o.etcd.members.map((m) => (m.name === name ? { ...m, ...change } : m)),
  );
}

function withLeader(o: Observation, may: (member: MemberObservation) => boolean): Observation {
  const successor = o.etcd.members.find((m) => may(m) && !m.learner && m.healthy);
  return members(
    o,
    o.etcd.members.map((m) => ({ ...m, leader: m === successor })),
  );
}

function target(o: Observation, replica: string): Target {
  const ready = o.machines.some((m) => m.name === replica && m.inside?.apiServer === 'ready');
  return { replica, health: ready ? 'healthy' : 'unhealthy' };
}

/** An address whose holder is deleted belongs to nobody. */
function freed(o: Observation, kind: 'machine' | 'balancer', name: string | null): Observation['address'] {
  const holder = o.address?.holder;
  const loses = holder?.kind === kind && (holder.kind !== 'machine' || holder.name === name);
  return o.address && loses ? { ...o.address, holder: { kind: 'nobody' } } : o.address;
}
