import { nodeMachineOf, nodeObjectOf } from '../cluster/model/nodes.ts';
import { machineOf, memberOf, type Observation } from '../cluster/model/observation.ts';
import type { ClusterSpec } from '../cluster/model/spec.ts';
import { next } from '../cluster/plan/next.ts';
import { stillToDo } from '../cluster/plan/step.ts';

/** What is wrong with the cluster, in sentences; empty: every machine does its part, clients are led to it, nothing is left to do. Pure. */
export function ills(spec: ClusterSpec, observation: Observation): string[] {
  const { steps, blocked } = next(spec, observation);
  // What the drill's own clients have written is removed when they have ended.
  const open = steps.filter(({ kind }) => kind !== 'clear-drill').map(stillToDo);
  return [
    ...spec.replicas.flatMap(({ name }) => illOf(observation, name) ?? []),
    ...spec.nodes.flatMap(({ name }) => illNode(observation, name) ?? []),
    ...open,
    ...blocked.map(({ message }) => message),
  ];
}

function illOf(observation: Observation, name: string): string | null {
  const machine = machineOf(observation, name);
  const member = memberOf(observation, name);
  const { address, balancer } = observation;
  if (machine?.state !== 'running') return `the machine ${name} does not run`;
  if (!machine.inside) return `${name} cannot be looked into`;
  if (!member?.healthy) return `the member of etcd on ${name} is not healthy`;
  if (machine.inside.apiServer !== 'ready') return `the API server on ${name} is not ready`;
  if (machine.inside.controllers !== 'running') return `the controllers on ${name} do not run`;
  if (address?.holder.kind !== 'balancer') return null;
  const target = balancer?.targets.find(({ replica }) => replica === name);
  return target?.health === 'healthy' ? null : `the load balancer does not find ${name} healthy`;
}

/** For most of a minute the API calls a node Ready that is gone: its machine has to say so too. */
function illNode({ nodes }: Observation, name: string): string | null {
  const machine = nodeMachineOf(nodes, name);
  if (machine?.state !== 'running') return `the machine ${name} does not run`;
  if (!machine.inside) return `${name} cannot be looked into`;
  if (machine.inside.kubelet !== 'running') return `the kubelet on ${name} does not run`;
  if (nodes.objects === null) return `the API could not be asked about the node ${name}`;
  const object = nodeObjectOf(nodes, name);
  return object?.ready === 'ready'
    ? null
    : `the node ${name} is not ready: ${object?.problem ?? 'the API does not know it'}`;
}
