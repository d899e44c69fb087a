import { nothing, type Observation } from '../../src/cluster/model/observation.ts';
import type { ClusterSpec } from '../../src/cluster/model/spec.ts';
import type { Policy } from '../../src/cluster/plan/decision.ts';
import { makePlan, type Plan } from '../../src/cluster/plan/plan.ts';
import type { Inside } from '../../src/replicas/revision/inspect.ts';

/** A spec whose replicas are given as "name@zone". The first is the founder. `bootstrapped` is none of its business any more. */
export function specOf(
  replicas: readonly string[],
  { bootstrapped: _, ...change }: Partial<ClusterSpec> & { readonly bootstrapped?: boolean } = {},
): ClusterSpec {
  const list = replicas.map((text) => {
    const [name = '', zone = 'local-a'] = text.split('@');
    return { name, zone };
  });
  return {
    name: 'demo',
    uid: '0123456789abcdef',
    provider: 'local',
    region: 'local',
    zone: list[0]?.zone ?? 'local-a',
    multizone: true,
    kubernetesVersion: 'v1.37.1',
    etcdVersion: 'v3.7.3',
    apiPort: 443,
    requestTimeoutSeconds: 60,
    balancer: 'auto',
    serviceCidr: '10.96.0.0/12',
    clusterCidr: '10.244.0.0/16',
    cni: 'haup',
    images: [],
    nodeLabels: {},
    nodeTaints: [],
    nodes: [],
    settings: {},
    replicas: list,
    usedNames: list.map((replica) => replica.name),
    deleting: false,
    ...change,
  };
}

/** Names newcomers m0, m1 and so on, by how many names have been used. */
export const nameOf = (_: string, used: readonly string[]): string => `m${used.length}`;

export const noInterruption = {
  promotion: [0, 1],
  demotion: [0, 1],
  replacement: [0, 1],
  note: null,
} as const;

export function planFor(spec: ClusterSpec, from: Observation = nothing, policy?: Policy): Plan {
  return makePlan(spec, from, { interruption: noInterruption, ...(policy ? { policy } : {}) });
}

/** A cluster that has converged to this spec. */
export function converged(spec: ClusterSpec): Observation {
  return planFor(spec).end;
}

/** What is left of a machine that was powered off: etcd's survivors call it unhealthy. */
export function powerOff(o: Observation, ...names: string[]): Observation {
  const members = o.etcd.members.map((m) =>
    names.includes(m.name) ? { ...m, healthy: false, leader: false } : m,
  );
  const voters = members.filter((m) => !m.learner);
  const alive = voters.filter((m) => m.healthy);
  const readable = alive.length * 2 > voters.length;
  const leader = members.find((m) => m.leader) ?? alive[0];
  // Without a leader no member is healthy, and no API server is ready.
  const unready = (inside: Inside | null) =>
    inside && !readable && inside.apiServer === 'ready'
      ? { ...inside, apiServer: 'unready' as const }
      : inside;
  return {
    ...o,
    machines: o.machines.map((m) =>
      names.includes(m.name) ? { ...m, state: 'stopped', inside: null } : { ...m, inside: unready(m.inside) },
    ),
    etcd: {
      readable,
      members: members.map((m) => ({
        ...m,
        healthy: readable && m.healthy,
        leader: readable && m === leader,
      })),
    },
    balancer: o.balancer && {
      ...o.balancer,
      targets: o.balancer.targets.map((t) => (names.includes(t.replica) ? { ...t, health: 'unhealthy' } : t)),
    },
  };
}

/** The plan as lines, the way that a person reads it. */
export function lines(plan: Plan): string[] {
  return plan.steps.map(({ step }) => {
    if (step.kind === 'hand-over')
      return `hand-over ${step.to.kind === 'machine' ? step.to.name : 'balancer'}`;
    const { kind, ...rest } = step;
    return [kind, ...Object.values(rest).map(String)].join(' ');
  });
}

/** Voters of these names as etcd lists them; ids from 1 on. */
export function memberList(names: readonly string[]) {
  return names.map((name, at) => ({
    id: String(at + 1),
    name,
    peerUrls: [`https://10.0.0.${at + 2}:2380`],
    isLearner: false,
  }));
}
