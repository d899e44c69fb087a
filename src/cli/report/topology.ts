import type { Observation } from '../../cluster/model/observation.ts';

/** Where what stands, and what leads clients there. */
export interface Topology {
  /** Masters, in the order of their zones. */
  readonly machines: readonly {
    readonly name: string;
    readonly zone: string;
    readonly runs: boolean;
    /** Null: none. */
    readonly member: 'leader' | 'voter' | 'learner' | 'unhealthy' | null;
    readonly target: boolean;
  }[];
  /** Members of etcd without a machine. */
  readonly strangers: readonly string[];
  /** Null: there is no address. */
  readonly address: { readonly ip: string; readonly holder: string } | null;
  readonly nodes: number;
}

export function topologyOf({ machines, etcd, balancer, address, nodes }: Observation): Topology {
  const names = new Set(machines.map(({ name }) => name));
  return {
    machines: machines
      .map(({ name, zone, state }) => ({
        name,
        zone,
        runs: state === 'running',
        member: memberOf(etcd, name),
        target: balancer?.targets.some(({ replica }) => replica === name) ?? false,
      }))
      .toSorted((a, b) => (a.zone < b.zone ? -1 : a.zone > b.zone ? 1 : 0)),
    strangers: etcd.members.flatMap(({ name }) => (names.has(name) ? [] : [name])),
    address: address && {
      ip: address.ip,
      holder: address.holder.kind === 'machine' ? address.holder.name : address.holder.kind,
    },
    nodes: nodes.machines.length,
  };
}

function memberOf({ members }: Observation['etcd'], name: string): Topology['machines'][number]['member'] {
  const member = members.find((each) => each.name === name);
  if (!member) return null;
  if (member.learner) return 'learner';
  if (!member.healthy) return 'unhealthy';
  return member.leader ? 'leader' : 'voter';
}
